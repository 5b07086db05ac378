import { activationOf } from '../activations/recognise';
import type { Assumption } from '../analysis';
import { constantOf } from './constantValues';
import { drawnTarget } from './drawnInput';
import { expressionOf } from './elementwiseChain';
import type { EntryPoint } from './entryPoints';
import type { FileEvaluation } from './fileEvaluation';
import { type GraftRequest, graft } from './graft';
import type { Applied } from './inputPolicy';
import { type JointDraw, jointDraw } from './jointDraw';
import { literalTarget } from './literalData';
import type { LossKind, NetworkNode, NodeId, Operation } from './network';
import type { SeenApplication } from './readingSession';
import { elementCount } from './shapes';
import { leadsThrough, tracedLoss } from './tracedLoss';
import { dimSize, type NodeRequest, type TracedTensor, type Tracer } from './tracer';

export interface AttachedLoss {
  readonly node: NodeId;
  readonly assumption: Assumption | undefined;
}

type LossOperation = Extract<Operation, { kind: 'loss' }>;

/**
 * The scalar that the gradient starts from: what the source computes from this model's output and calls `backward` on; a loss that it
 * applies to the output; the loss whose gradient it writes out; the loss that the model was compiled with; or, as a stated assumption, the one loss that the file makes.
 */
export function attachLoss(evaluation: FileEvaluation, entry: EntryPoint, applied: Applied): AttachedLoss | undefined {
  const { session } = evaluation;
  const { outputs } = applied.application;
  const [output] = outputs;
  if (!output) return undefined;
  const traced = tracedLoss(session, entry);
  if (traced) {
    const { tracer } = session;
    const { end, from } = traced;
    const onto = applied.application;
    const instead = new Map([...applied.copies, ...drawnWithInput(tracer, end, from, onto)]);
    const others = session.applications.filter(({ model }) => model !== entry.model);
    const apply = applyAnew(evaluation, entry);
    const node = tracer.withFreshPaths(() => graft({ tracer, end, from, onto, instead, others, apply }));
    if (node !== undefined) return { node, assumption: undefined };
    // A loss that compares something else says nothing of this model's own output.
    if (leadsThrough(tracer.nodes, traced, others)) return undefined;
  }
  const written = evaluation.handwritten.writtenLoss(entry.model);
  if (written) {
    const operation = { kind: 'loss', reduction: 'sum', ...written } as const;
    const site = { shape: [], name: 'loss', label: written.loss, applied: [entry.span] };
    const targets = outputs.length > 1 ? [] : fedTarget(evaluation, entry, applied, written.loss);
    const losses = outputs.map((each) => session.tracer.add({ ...site, operation, inputs: [each, ...targets] }));
    const coefficients = losses.map(() => 1);
    const [only, ...others] = losses;
    const sum = { ...site, operation: { kind: 'sum', coefficients }, inputs: losses } as const;
    const node = only && others.length === 0 ? only : session.tracer.add(sum);
    return { node: node.node, assumption: undefined };
  }
  const compiled = session.declaredLosses.find(({ model }) => model === entry.model);
  const declared = compiled ?? onlyLoss(evaluation);
  if (!declared) return undefined;
  const { node } = session.tracer.add({
    operation: declared.operation,
    inputs: [output, ...(compiled ? fedTarget(evaluation, entry, applied, declared.operation.loss) : [])],
    shape: [],
    name: 'loss',
    label: declared.operation.loss,
    applied: declared.trail,
  });
  const assumption: Assumption = {
    what: { text: 'loss', values: {} },
    value: declared.operation.loss,
    span: declared.trail[0],
  };
  return { node, assumption: compiled ? undefined : assumption };
}

/** Applies a model as the source does, but to other tensors; undefined where it cannot take them. */
function applyAnew(evaluation: FileEvaluation, { span }: EntryPoint): GraftRequest['apply'] {
  const { session, interpreter } = evaluation;
  return ({ model, given }, inputs) => {
    const open = evaluation.frameworkOf(model)?.open;
    const { mismatches } = session;
    const before = session.applications.length;
    session.mismatches = [];
    const values = inputs.map((tensor) => open?.tensorValue(tensor)).filter((value) => value !== undefined);
    open?.apply(model, values, interpreter.context([span]), given);
    const made = session.applications[before];
    session.applications.length = before;
    const isTaken = session.mismatches.length === 0;
    session.mismatches = mismatches;
    return isTaken ? made?.outputs : undefined;
  };
}

const comparesElements: ReadonlySet<LossKind> = new Set([
  'meanSquaredError',
  'meanAbsoluteError',
  'huber',
  'binaryCrossEntropyLogits',
  'binaryCrossEntropyProbabilities',
]);

/** What the source compares the output with element by element, where it computes or draws that; labels are drawn without it. */
function fedTarget(
  { session: { tracer } }: FileEvaluation,
  { open, model, span }: EntryPoint,
  { application }: Applied,
  loss: LossKind,
): readonly TracedTensor[] {
  const [output] = application.outputs;
  const [input] = application.inputs;
  const fed = open.fedData?.(model);
  if (!output || !fed?.target || !comparesElements.has(loss)) return [];
  const { data, target } = fed;
  const isAlike = input !== undefined && JSON.stringify(input.shape) === JSON.stringify(output.shape);
  const site = { shape: output.shape, name: 'target', label: 'target', applied: [span] };
  const expression = isAlike ? expressionOf(tracer.nodes, data.node, target.node) : undefined;
  if (input && expression) {
    if (expression.kind === 'input') return [input];
    return [
      tracer.add({ operation: { kind: 'activation', activation: activationOf(expression) }, inputs: [input], ...site }),
    ];
  }
  if (data.node === target.node) return [];
  const literal = literalTarget(tracer.nodes, target.node, fed.sampleAxis, tracer.batchSize);
  if (literal && literal.length === dimSize(elementCount(output.shape), tracer.batchSize)) {
    return [tracer.add({ operation: constantOf(literal), inputs: [], ...site })];
  }
  if (loss.startsWith('binary')) return [];
  const joint = isAlike ? jointDraw(tracer.nodes, data.node, target.node) : undefined;
  if (input && joint) return [jointTensor(tracer, input, joint, site)];
  const distribution = drawnTarget(tracer.nodes, target.node);
  return distribution ? [tracer.add({ operation: { kind: 'random', distribution }, inputs: [], ...site })] : [];
}

type TargetSite = Pick<NodeRequest, 'shape' | 'name' | 'label' | 'applied'>;

/** slope · input + a draw of its own. */
function jointTensor(tracer: Tracer, input: TracedTensor, { slope, rest }: JointDraw, site: TargetSite): TracedTensor {
  const operation: Operation = { kind: 'random', distribution: rest };
  const own = tracer.add({ operation, inputs: [], ...site });
  return tracer.add({ operation: { kind: 'sum', coefficients: [slope, 1] }, inputs: [input, own], ...site });
}

/** What the way to the loss reads that the source draws from the same noise as the input: drawn anew it would have nothing to do with it. */
function drawnWithInput(
  tracer: Tracer,
  end: NodeId,
  from: SeenApplication,
  onto: SeenApplication,
): ReadonlyMap<NodeId, TracedTensor> {
  const found = new Map<NodeId, TracedTensor>();
  const { nodes } = tracer;
  const [data] = from.inputs;
  const [input] = onto.inputs;
  if (!data || !input) return found;
  const known = new Set([...from.outputs, ...from.inputs].map(({ node }) => node));
  const dependent = new Set(known);
  for (let id = 0; id <= end; id++) if (nodes[id]?.inputs.some((source) => dependent.has(source))) dependent.add(id);
  for (let id = from.endNode; id <= end; id++) {
    if (!dependent.has(id)) continue;
    for (const source of nodes[id]?.inputs ?? []) {
      const shape = nodes[source]?.outputShape;
      if (dependent.has(source) || found.has(source) || JSON.stringify(shape) !== JSON.stringify(data.shape)) continue;
      const joint = jointDraw(nodes, data.node, source);
      const { path: name, label, provenance } = nodes[source] as NetworkNode;
      const site = { shape: input.shape, name, label, applied: [provenance.applied] };
      if (joint) found.set(source, jointTensor(tracer, input, joint, site));
    }
  }
  return found;
}

/** The file's loss where all that it declares agree. */
function onlyLoss({ session }: FileEvaluation) {
  const free = session.declaredLosses.filter(({ model }) => model === undefined);
  const kinds = new Set(free.map(({ operation }) => keyOf(operation)));
  return kinds.size === 1 ? free[0] : undefined;
}

function keyOf({ loss, reduction }: LossOperation): string {
  return `${loss} ${reduction}`;
}
