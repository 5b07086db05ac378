import type { InputStatistics } from '../signal/inputStatistics';
import { holdsPlaces } from './arraySources';
import { computedPlaces } from './computedInputs';
import type { Directive } from './directive';
import { drawnInput, fedInput } from './drawnInput';
import type { EntryPoint } from './entryPoints';
import type { FileEvaluation } from './fileEvaluation';
import { ancestorsUpTo } from './graft';
import type { InputGuess } from './inputPolicy';
import { literalSample } from './literalData';
import { type MadeInputs, madeInputs } from './madeInputs';
import type { Dim, NetworkNode, NodeId, Shape } from './network';
import type { SeenApplication } from './readingSession';
import { shownApplication } from './tracedLoss';
import type { TracedTensor } from './tracer';

export interface KnownInput extends KnownData {
  readonly guess: InputGuess;
  readonly batchSize: number | undefined;
}

export interface KnownData {
  /** What the source itself draws the input from, or shows of it. */
  readonly drawnFrom: InputStatistics | undefined;
  /** The source computes the first input, or layers outside the model make it: it is followed. */
  readonly isMade: boolean;
  /** Where the source does not tell the sizes of what they make it of. */
  readonly made?: MadeInputs;
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
  isDataGiven: boolean,
): KnownInput | undefined {
  const example = exampleInput(evaluation, entry, isDataGiven);
  const sizes = givenShape ?? directive?.inputShape;
  if (sizes) {
    const content = example?.guess.contents[0] ?? (readsTokens(evaluation, entry) ? 'tokens' : 'real');
    const guess: InputGuess = { shapes: [[batch, ...sizes]], contents: [content], known: 1 };
    return { guess, batchSize: example?.batchSize, drawnFrom: undefined, isMade: false, isDemonstration: false };
  }
  if (example) return example;
  const declared = entry.open.declaredInputShapes(entry.model);
  if (!declared || declared.length === 0 || declared.some((shape) => !isComplete(shape))) return undefined;
  const shapes = declared.map((shape): Shape => shape && [batch, ...shape]);
  const { nodes } = evaluation.session.tracer;
  const fed = entry.open.fedData?.(entry.model);
  const areTokens =
    readsTokens(evaluation, entry) || (fed && isTokens(nodes, fed.data.node) && holdsPlaces(nodes, fed.data.node));
  const content = areTokens ? 'tokens' : 'real';
  const guess: InputGuess = { shapes, contents: shapes.map(() => content), known: shapes.length };
  const drawnFrom = fed && sourceStatistics(nodes, fed.data.node, fed.sampleAxis);
  return { guess, batchSize: fed?.samples, drawnFrom, isMade: false, isDemonstration: false };
}

function exampleInput(evaluation: FileEvaluation, entry: EntryPoint, isDataGiven: boolean): KnownInput | undefined {
  const { session } = evaluation;
  const application = shownApplication(session, entry);
  if (!application || application.usesAssumedInput || application.inputs.length === 0) return undefined;
  if (application.inputs.some(({ shape }) => !isComplete(shape))) {
    return isDataGiven ? undefined : madeInput(evaluation, entry, application);
  }
  const { nodes } = session.tracer;
  const axis = batchAxis(session.tracer.nodes, application.inputs[0]);
  const batchSize = sizeAt(application.inputs[0]?.shape, axis);
  const isWide = application.inputs.some(({ shape }) => shape && shape.length > 1);
  const computed = computedPlaces(session.tracer, application);
  const shapes = application.inputs.map(({ shape, node }, place): Shape => {
    if (!shape) return undefined;
    // A mask or a matrix of relations among as many things as there are samples does not say which axis is theirs.
    if (computed.includes(place) && shape.filter((dim) => dim === batchSize).length > 1) return shape;
    // One number a sample: an id, or what stands beside samples of more axes. Else it is a sample without a batch.
    const isOfSamples = shape[0] === batchSize && (isWide || isTokens(nodes, node));
    if (shape.length === 1) return isOfSamples ? [batch] : [batch, ...shape];
    return shape.map((dim, index) => (index === axis && dim === batchSize ? batch : dim));
  });
  const contents = application.inputs.map(({ node }) =>
    isTokens(nodes, node) && !areNumbers(nodes, node, application) ? 'tokens' : 'real',
  );
  const isShown = isDemonstration(session, batchSize ?? 1);
  const places = computed.filter((place) => contents[place] !== 'tokens' && !(place === 0 && isDataGiven));
  const isMade = places.includes(0);
  return {
    guess: {
      shapes,
      contents,
      known: shapes.length,
      ...(application.given && { like: application.given }),
      ...(places.length > 0 && { computed: { application, places, batchSize: batchSize ?? 1 } }),
      drawn: application.inputs.map(({ node }, index) =>
        contents[index] === 'tokens' ? drawnInput(nodes, node) : fedInput(nodes, node),
      ),
    },
    batchSize: isShown ? undefined : (batchSize ?? 1),
    drawnFrom: sourceStatistics(nodes, isMade ? dataBehind(session, application) : application.inputs[0]?.node, axis),
    isMade,
    isDemonstration: isShown,
  };
}

/** Where other models make the first input of data whose sizes are not told. */
function madeInput(
  evaluation: FileEvaluation,
  entry: EntryPoint,
  application: SeenApplication,
): KnownInput | undefined {
  const { inputs, given } = application;
  if (!computedPlaces(evaluation.session.tracer, application).includes(0)) return undefined;
  const made = madeInputs(evaluation, entry, application, (other) =>
    knownInput(evaluation, other, undefined, undefined, false),
  );
  const shapes = inputs.map(({ node }) => made?.copies.get(node)?.shape);
  if (!made || !shapes.every(isComplete)) return undefined;
  const computed = { application, places: inputs.map((_, place) => place), batchSize: 1, copies: made.copies };
  const contents = inputs.map(() => 'real' as const);
  return {
    guess: { shapes, contents, known: shapes.length, computed, ...(given && { like: given }) },
    batchSize: made.batchSize,
    drawnFrom: undefined,
    isMade: true,
    made,
    isDemonstration: false,
  };
}

/** What the first of the models was applied to that an application's input comes out of. */
function dataBehind(
  { tracer, applications }: FileEvaluation['session'],
  { inputs }: SeenApplication,
): NodeId | undefined {
  const way = new Set(inputs[0] ? ancestorsUpTo(tracer, inputs[0].node, new Map()) : []);
  const isBefore = (other: SeenApplication) => other.outputs.some(({ node }) => way.has(node));
  return applications.find(isBefore)?.inputs[0]?.node;
}

function sourceStatistics(
  nodes: readonly NetworkNode[],
  data: NodeId | undefined,
  sampleAxis: number,
): InputStatistics | undefined {
  return (data === undefined ? undefined : literalSample(nodes, data, sampleAxis)) ?? drawnInput(nodes, data);
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
