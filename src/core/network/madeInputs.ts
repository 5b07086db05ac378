import type { EntryPoint } from './entryPoints';
import type { FileEvaluation } from './fileEvaluation';
import { ancestorsUpTo, copyNode } from './graft';
import { type Applied, applyWithInputs } from './inputPolicy';
import type { KnownData, KnownInput } from './knownInput';
import type { NodeId } from './network';
import type { SeenApplication } from './readingSession';
import type { TracedTensor } from './tracer';

/** Inputs that other models make of data whose sizes the source does not tell. */
export interface MadeInputs {
  /** What stands for the inputs and for what they are computed from. */
  readonly copies: ReadonlyMap<NodeId, TracedTensor>;
  /** What is known of what the first of the other models was applied to. */
  readonly data: KnownData & { readonly applied: Applied };
  readonly batchSize: number | undefined;
}

/**
 * Applies the models that make an application's inputs anew, each to inputs that fit it, the last one first, and copies what is computed of
 * their outputs. Undefined where an input depends on anything else within them, or on data that go into none of them.
 */
export function madeInputs(
  evaluation: FileEvaluation,
  entry: EntryPoint,
  { inputs, model }: SeenApplication,
  known: (entry: EntryPoint) => KnownInput | undefined,
): MadeInputs | undefined {
  const { session, interpreter } = evaluation;
  const { tracer } = session;
  const others = session.applications.filter((other) => other.model !== model);
  const copies = new Map<NodeId, TracedTensor>();
  let made: Omit<MadeInputs, 'copies'> | undefined;
  const applyAnew = (other: SeenApplication): boolean => {
    const framework = evaluation.frameworkOf(other.model);
    if (!framework) return false;
    const { id, open } = framework;
    const own = known({ ...entry, framework: id, open, model: other.model, application: other });
    const context = interpreter.context([entry.span]);
    const { mismatches } = session;
    const applied = tracer.asForeign(() =>
      applyWithInputs(session, open, other.model, context, own?.guess, id !== 'torch'),
    );
    const isTaken = session.mismatches.length === 0;
    session.mismatches = mismatches;
    const outputs = applied?.application.outputs;
    if (!applied || !isTaken || outputs?.length !== other.outputs.length) return false;
    other.outputs.forEach(({ node }, index) => {
      copies.set(node, outputs[index] as TracedTensor);
    });
    other.inputs.forEach(({ node }, index) => {
      const input = applied.application.inputs[index];
      if (input && !copies.has(node)) copies.set(node, input);
    });
    for (const [id, copy] of applied.copies) if (!copies.has(id)) copies.set(id, copy);
    const data = own?.made?.data ?? {
      applied,
      drawnFrom: own?.drawnFrom,
      isMade: own?.isMade ?? false,
      isDemonstration: own?.isDemonstration ?? false,
    };
    made = { data, batchSize: own?.batchSize };
    return true;
  };
  const isLost = (id: NodeId) => others.some(({ firstNode, endNode }) => id >= firstNode && id < endNode);
  const copyOf = (id: NodeId) => copies.get(id) ?? { node: id, shape: undefined };
  for (const input of inputs) {
    for (;;) {
      const way = new Set(ancestorsUpTo(tracer, input.node, copies));
      const other = others.findLast(({ outputs }) => outputs.some(({ node }) => way.has(node) && !copies.has(node)));
      if (!other) break;
      if (!applyAnew(other)) return undefined;
    }
    for (const id of ancestorsUpTo(tracer, input.node, copies)) {
      const node = tracer.nodes[id];
      if (!node || copies.has(id)) continue;
      if (isLost(id) || node.operation.kind === 'input') return undefined;
      copies.set(
        id,
        tracer.asForeign(() => copyNode(tracer, node, node.inputs.map(copyOf), undefined)),
      );
    }
  }
  return made && { ...made, copies };
}
