import type { RecognisedActivation } from '../analysis';
import type { FunctionDefinition } from '../python/syntax';
import type { FunctionValue, Value } from '../python/values';
import type { Span } from '../span';
import type { FileEvaluation, OpenedFramework } from './fileEvaluation';
import { fuseActivations } from './fuse';
import type { NetworkNode } from './network';

/** Longer traces are models or training, not textbook lines. */
const mostNodes = 5_000;

/**
 * Activations that the file writes outside any model: a name bound at module level to an elementwise function of an array
 * (`sigmoid = 1 / (1 + np.exp(-x))`), and functions of one argument that compute one.
 */
export function findRecognisedActivations(evaluation: FileEvaluation): readonly RecognisedActivation[] {
  const functions = [...evaluation.scope.names].flatMap(([name, value]) => functionActivation(evaluation, name, value));
  const { nodes } = evaluation.session.tracer;
  if (nodes.length > mostNodes) return functions;
  const fused = fuseActivations(nodes);
  const variables = [...evaluation.scope.names].flatMap(([name, value]) => {
    const node = evaluation.isModel(value) ? undefined : activationNode(evaluation, value, fused);
    const span = node && assignedSpan(evaluation, name);
    return node?.operation.kind === 'activation' && span ? [{ name, activation: node.operation.activation, span }] : [];
  });
  return [...variables, ...functions].sort((a, b) => a.span.start - b.span.start);
}

/** The node behind an array that is an elementwise function of one that the file made. */
function activationNode(
  { frameworks }: FileEvaluation,
  value: Value,
  fused: readonly NetworkNode[],
): NetworkNode | undefined {
  for (const { open } of frameworks) {
    const [tensor] = value.kind === 'instance' ? open.tensorsIn(value) : [];
    const node = tensor && fused[tensor.node];
    if (!node) continue;
    const source = fused[node.inputs[0] ?? -1]?.operation.kind;
    const isMade = source === 'constant' || source === 'random' || source === 'input';
    return isMade && node.operation.kind === 'activation' ? node : undefined;
  }
  return undefined;
}

function assignedSpan({ parsed, file }: FileEvaluation, name: string): Span | undefined {
  const statement = parsed.module.body.findLast(
    (candidate) =>
      candidate.kind === 'assign' && candidate.targets.some((target) => target.kind === 'name' && target.name === name),
  );
  return statement?.kind === 'assign' ? { file, start: statement.value.start, end: statement.value.end } : undefined;
}

/** Applies a short function of one argument to an array and looks at what comes out. */
function functionActivation(evaluation: FileEvaluation, name: string, value: Value): readonly RecognisedActivation[] {
  if (value.kind !== 'function' || value.file !== evaluation.file || !isShort(value)) return [];
  const { definition } = value;
  const { session, file, interpreter } = evaluation;
  for (const framework of importedFrameworks(evaluation)) {
    const first = session.tracer.nodes.length;
    const span: Span = { file, start: definition.start, end: definition.end };
    const array = framework.open.tensorValue(session.inputTensor([100], 'real', 'x', [span]));
    const result = interpreter.context([span]).call(value, [array]);
    const [tensor] = framework.open.tensorsIn(result);
    const made = session.tracer.nodes.slice(first).map((node) => ({
      ...node,
      id: node.id - first,
      inputs: node.inputs.map((input) => input - first),
    }));
    if (!tensor || tensor.node <= first || made.some((node) => node.inputs.some((input) => input < 0))) continue;
    const node = fuseActivations(made)[tensor.node - first];
    if (node?.operation.kind !== 'activation' || node.inputs[0] !== 0) continue;
    return [{ name, activation: node.operation.activation, span: returnedSpan(definition, file) }];
  }
  return [];
}

/** Those whose arrays the file's functions may be written for, the plainest first. */
function importedFrameworks({ frameworks, scope }: FileEvaluation): readonly OpenedFramework[] {
  const imported = new Set(
    [...scope.names.values()].flatMap((value) => (value.kind === 'module' ? [value.name.split('.')[0]] : [])),
  );
  return frameworks
    .filter(({ id }) => imported.has(id))
    .toSorted((a, b) => Number(b.id === 'numpy') - Number(a.id === 'numpy'));
}

function isShort({ definition }: FunctionValue): boolean {
  const required = definition.parameters.filter(({ form, default: value }) => form === 'plain' && value === undefined);
  if (required.length !== 1) return false;
  return definition.kind === 'lambda' || definition.body.length <= 4;
}

function returnedSpan(definition: FunctionValue['definition'], file: string): Span {
  const returned = definition.kind === 'lambda' ? definition.body : returnOf(definition);
  const { start, end } = returned ?? definition;
  return { file, start, end };
}

function returnOf(definition: FunctionDefinition) {
  const last = definition.body.findLast((statement) => statement.kind === 'return');
  return last?.kind === 'return' ? last.value : undefined;
}
