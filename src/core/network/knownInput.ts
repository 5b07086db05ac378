import type { Directive } from './directive';
import { drawnInput, fedInput } from './drawnInput';
import type { EntryPoint } from './entryPoints';
import type { FileEvaluation } from './fileEvaluation';
import type { InputGuess } from './inputPolicy';
import type { Dim, DrawnFrom, NetworkNode, NodeId, Shape } from './network';
import type { SeenApplication } from './readingSession';
import type { TracedTensor } from './tracer';

export interface KnownInput {
  readonly guess: InputGuess;
  readonly batchSize: number | undefined;
  /** What the source itself draws the input from. */
  readonly drawnFrom: DrawnFrom | undefined;
  /** A single sample that shows the output's shape; nobody trains with it. */
  readonly isDemonstration: boolean;
}

const batch: Dim = { perBatch: 1 };

/** What the user or the source says of a model's input: option, directive, example tensor, declaration, in this order. */
export function knownInput(
  evaluation: FileEvaluation,
  entry: EntryPoint,
  givenShape: readonly number[] | undefined,
  directive: Directive | undefined,
): KnownInput | undefined {
  const example = exampleInput(evaluation, entry);
  const sizes = givenShape ?? directive?.inputShape;
  if (sizes) {
    const content = example?.guess.contents[0] ?? (readsTokens(evaluation, entry) ? 'tokens' : 'real');
    const guess: InputGuess = { shapes: [[batch, ...sizes]], contents: [content], known: 1 };
    return { guess, batchSize: example?.batchSize, drawnFrom: undefined, isDemonstration: false };
  }
  if (example) return example;
  const declared = entry.open.declaredInputShapes(entry.model);
  if (!declared || declared.length === 0 || declared.some((shape) => !isComplete(shape))) return undefined;
  const shapes = declared.map((shape): Shape => shape && [batch, ...shape]);
  const content = readsTokens(evaluation, entry) ? 'tokens' : 'real';
  const guess: InputGuess = { shapes, contents: shapes.map(() => content), known: shapes.length };
  const fed = entry.open.fedData?.(entry.model);
  const drawnFrom = fed && drawnInput(evaluation.session.tracer.nodes, fed.data.node);
  return { guess, batchSize: fed?.samples, drawnFrom, isDemonstration: false };
}

function exampleInput({ session }: FileEvaluation, { application }: EntryPoint): KnownInput | undefined {
  if (!application || application.usesAssumedInput || application.inputs.length === 0) return undefined;
  if (application.inputs.some(({ shape }) => !isComplete(shape))) return undefined;
  const { nodes } = session.tracer;
  const axis = batchAxis(session.tracer.nodes, application.inputs[0]);
  const batchSize = sizeAt(application.inputs[0]?.shape, axis);
  const isWide = application.inputs.some(({ shape }) => shape && shape.length > 1);
  const shapes = application.inputs.map(({ shape, node }): Shape => {
    if (!shape) return undefined;
    // One number a sample: an id, or what stands beside samples of more axes. Else it is a sample without a batch.
    const isOfSamples = shape[0] === batchSize && (isWide || isTokens(nodes, node));
    if (shape.length === 1) return isOfSamples ? [batch] : [batch, ...shape];
    return shape.map((dim, index) => (index === axis && dim === batchSize ? batch : dim));
  });
  const contents = application.inputs.map(({ node }) =>
    isTokens(nodes, node) && !areNumbers(nodes, node, application) ? 'tokens' : 'real',
  );
  const isShown = isDemonstration(session, batchSize ?? 1);
  return {
    guess: {
      shapes,
      contents,
      known: shapes.length,
      ...(application.given && { like: application.given }),
      drawn: application.inputs.map(({ node }, index) =>
        contents[index] === 'tokens' ? drawnInput(nodes, node) : fedInput(nodes, node),
      ),
    },
    batchSize: isShown ? undefined : (batchSize ?? 1),
    drawnFrom: drawnInput(nodes, application.inputs[0]?.node),
    isDemonstration: isShown,
  };
}

/** One sample and no loss anywhere: the call shows the output's shape, nobody trains with it. */
function isDemonstration({ losses }: FileEvaluation['session'], batchSize: number): boolean {
  return batchSize === 1 && losses.length === 0;
}

/** 0, or 1 where the input goes straight, or through layers that keep the axes in their order, into a layer that takes time first. */
function batchAxis(nodes: FileEvaluation['session']['tracer']['nodes'], input: TracedTensor | undefined): number {
  let from = input?.node;
  for (const { id, inputs, operation } of nodes) {
    if (from === undefined || !inputs.includes(from)) continue;
    if (operation.kind === 'recurrent') return operation.timeAxis === 0 ? 1 : 0;
    if (operation.kind === 'multiheadAttention') return operation.batchFirst ? 0 : 1;
    if (!keepsAxes.has(operation.kind)) return 0;
    from = id;
  }
  return 0;
}

const keepsAxes: ReadonlySet<string> = new Set(['embedding', 'linear', 'activation', 'dropout', 'identity', 'sum']);

function sizeAt(shape: Shape, axis: number): number | undefined {
  const dim = shape?.[axis];
  return typeof dim === 'number' && dim > 0 ? dim : undefined;
}

/** Tokens, drawn integers, and what is cut and put together of them. */
function isTokens(nodes: readonly NetworkNode[], id: NodeId): boolean {
  const { operation, inputs } = nodes[id] ?? {};
  if (operation?.kind === 'input') return operation.content === 'tokens';
  if (operation?.kind === 'random') return operation.distribution.kind === 'integers';
  if (!operation || !inputs || inputs.length === 0 || !rearranges.has(operation.kind)) return false;
  return inputs.every((input) => isTokens(nodes, input));
}

const rearranges: ReadonlySet<string> = new Set([
  ...['identity', 'reshape', 'permute', 'expand', 'slice', 'pick', 'concat', 'stack'],
]);

/** True where a layer computes with drawn integers, as with the pixels of a picture, before anything looks them up. */
function areNumbers(nodes: readonly NetworkNode[], id: NodeId, { firstNode, endNode }: SeenApplication): boolean {
  const reached = new Set<NodeId>([id]);
  for (const node of nodes.slice(firstNode, endNode)) {
    if (!node.inputs.some((input) => reached.has(input))) continue;
    if (computes.has(node.operation.kind)) return true;
    if (!looksUp.has(node.operation.kind)) reached.add(node.id);
  }
  return false;
}

const computes: ReadonlySet<string> = new Set(['linear', 'convolution', 'normalisation', 'recurrent', 'attention']);
const looksUp: ReadonlySet<string> = new Set(['embedding', 'take', 'gather', 'scatter', 'loss']);

/** True where the model's earlier application fed its input to an embedding. */
function readsTokens({ session }: FileEvaluation, { application }: EntryPoint): boolean {
  const inputs = new Set<NodeId>(application?.inputs.map(({ node }) => node));
  return session.tracer.nodes.some(
    ({ operation, inputs: from }) => operation.kind === 'embedding' && from.some((id) => inputs.has(id)),
  );
}

function isComplete(shape: Shape): boolean {
  return shape?.every((dim) => dim !== undefined) ?? false;
}
