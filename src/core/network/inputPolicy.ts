import type { GivenArguments, OpenFramework } from '../frameworks/framework';
import type { CallContext, InstanceValue, Value } from '../python/values';
import { type ComputedInputs, copyInput, isFollowed } from './computedInputs';
import type { Dim, FedWith, NetworkNode, NodeId, Operation, Shape } from './network';
import type { ReadingSession, SeenApplication } from './readingSession';
import type { TracedTensor } from './tracer';

/** One way to feed a model: a shape an input, with the batch axis. */
export interface InputGuess {
  readonly shapes: readonly Shape[];
  readonly contents: readonly ('real' | 'tokens')[];
  /** What the source draws the inputs after the first from. */
  readonly drawn?: readonly (FedWith | undefined)[];
  /** Those that it computes. */
  readonly computed?: ComputedInputs;
  /** How many of them the source says: example tensor, declared input, directive, option. Those after them are assumed. */
  readonly known: number;
  /** A call of the source with all that it gives the model, of whose tensors these are the shapes. */
  readonly like?: GivenArguments;
}

export interface Applied {
  readonly application: SeenApplication;
  readonly guess: InputGuess;
  /** What stands for the nodes that computed inputs were made of, and for the inputs themselves. */
  readonly copies: ReadonlyMap<NodeId, TracedTensor>;
  /** What the model returned. */
  readonly result: Value;
}

const batch: Dim = { perBatch: 1 };
/** Side lengths of square pictures in the order in which people use them; 224 first where a network halves them five times or more. */
const smallFirst = [32, 28, 64, 224, 96, 128, 256, 299, 227, 48, 100, 160, 192, 384, 512];
const largeFirst = [224, 32, 64, 256, 299, 227, 128, 96, 384, 512, 100];
const sequenceLengths = [32, 64, 16, 128, 100, 50, 10, 256, 512, 1024];
const manyDownsamplings = 5;
/** Shapes for a model whose first layer tells nothing. */
const lastResorts: readonly (readonly number[])[] = [[64], [3, 32, 32], [32, 64], [3, 224, 224], [1, 28, 28]];
/** Keras keeps channels last, and an unbuilt layer takes any number of them. */
const kerasLastResorts: readonly (readonly number[])[] = [[64], [32, 32, 3], [28, 28, 1], [32, 64], [224, 224, 3]];

/**
 * Finds inputs that the model can take and applies it to them. What the source says comes first; else the first layer says which kind of
 * data it wants, and of the usual sizes the first that fits all later layers is taken.
 */
export function applyWithInputs(
  session: ReadingSession,
  framework: OpenFramework,
  model: InstanceValue,
  context: CallContext,
  known: InputGuess | undefined,
  isChannelsLast: boolean,
): Applied | undefined {
  const count = Math.max(1, framework.forwardParameters(model).filter((parameter) => !parameter.hasDefault).length);
  const apply = (guess: InputGuess) => applyWithTokens(session, framework, model, context, guess);
  if (known && (known.shapes.length >= count || known.like)) return apply(known);
  if (known) return bestOf(session, context, completed(session, known, count, apply), apply);
  const unshaped = Array.from({ length: count }, () => undefined);
  const probe = applyOnce(session, framework, model, context, {
    shapes: unshaped,
    contents: unshaped.map(() => 'real'),
    known: 0,
  });
  const guesses = guessesFrom(session, probe, count, isChannelsLast ? kerasLastResorts : lastResorts);
  return bestOf(session, context, guesses, (guess) => applyOnce(session, framework, model, context, guess)) ?? probe;
}

/** The first guess that fits everywhere, else the one that fits best. */
function bestOf(
  session: ReadingSession,
  context: CallContext,
  guesses: Iterable<InputGuess>,
  apply: (guess: InputGuess) => Applied | undefined,
): Applied | undefined {
  let best: { readonly applied: Applied; readonly misfit: number; readonly mismatches: string[] } | undefined;
  for (const guess of guesses) {
    if (context.isExhausted) break;
    const applied = apply(guess);
    if (!applied) continue;
    const misfit = misfitOf(session, applied);
    if (!best || misfit < best.misfit) best = { applied, misfit, mismatches: session.mismatches };
    if (misfit === 0) break;
  }
  if (best) session.mismatches = best.mismatches;
  return best?.applied;
}

function withFurther(
  known: InputGuess,
  shapes: readonly Shape[],
  contents: InputGuess['contents'] = shapes.map(() => 'real'),
): InputGuess {
  return {
    shapes: [...known.shapes, ...shapes],
    contents: [...known.contents, ...contents],
    known: known.known,
    ...(known.drawn && { drawn: known.drawn }),
  };
}

/** Inputs of which the source says nothing are shaped like the first of which it does. */
function likeFirst(known: InputGuess, count: number): InputGuess {
  return withFurther(
    known,
    Array.from({ length: count - known.shapes.length }, () => known.shapes[0]),
  );
}

/** Where they cannot be like the first: as the layers that read them want them. */
function* completed(
  session: ReadingSession,
  known: InputGuess,
  count: number,
  apply: (guess: InputGuess) => Applied | undefined,
): Iterable<InputGuess> {
  yield likeFirst(known, count);
  const unshaped = withFurther(
    known,
    Array.from({ length: count - known.shapes.length }, () => undefined),
  );
  const probe = apply(unshaped);
  for (const { shapes, contents } of guessesFrom(session, probe, count, [])) {
    yield withFurther(known, shapes.slice(known.shapes.length), contents.slice(known.shapes.length));
  }
  yield unshaped;
}

/** Where an embedding reads an input, it is applied anew to tokens. */
function applyWithTokens(
  session: ReadingSession,
  framework: OpenFramework,
  model: InstanceValue,
  context: CallContext,
  guess: InputGuess,
): Applied | undefined {
  const applied = applyOnce(session, framework, model, context, guess);
  if (!applied || guess.contents.includes('tokens')) return applied;
  const contents = contentsRead(session, applied);
  return contents.includes('tokens') ? applyOnce(session, framework, model, context, { ...guess, contents }) : applied;
}

function applyOnce(
  session: ReadingSession,
  framework: OpenFramework,
  model: InstanceValue,
  context: CallContext,
  guess: InputGuess,
): Applied | undefined {
  const parameters = framework.forwardParameters(model);
  const before = session.applications.length;
  session.mismatches = [];
  const copies = new Map(guess.computed?.copies);
  const inputs = guess.shapes.map((shape, index) => {
    const name = parameters[index]?.name ?? `input_${index}`;
    const content = guess.contents[index] ?? 'real';
    const computed = computedInput(session, guess, index, name, copies);
    if (computed) return computed;
    const drawn = index > 0 ? guess.drawn?.[index] : undefined;
    const input = session.inputTensor(shape, content, name, context.trail, drawn);
    const source = guess.computed?.application.inputs[index];
    // Tokens have no size: what is computed of them is computed of the numbers that the source draws.
    if (source && content === 'real') copies.set(source.node, input);
    return input;
  });
  const result = framework.apply(
    model,
    inputs.map((tensor) => framework.tensorValue(tensor)),
    context,
    guess.like,
  );
  const application = session.applications[before];
  session.applications.length = before;
  return application && { application: { ...application, inputs }, guess, copies, result };
}

/** Tokens that are computed in a way that is not followed are still tokens. */
function computedInput(
  { tracer }: ReadingSession,
  { computed, contents, shapes }: InputGuess,
  place: number,
  name: string,
  copies: Map<NodeId, TracedTensor>,
): TracedTensor | undefined {
  const source = computed?.places.includes(place) ? computed.application.inputs[place] : undefined;
  if (!computed || !source) return undefined;
  if (contents[place] === 'tokens' && !isFollowed(tracer, source.node)) return undefined;
  return copyInput(tracer, computed, place, { name, shape: shapes[place] }, copies);
}

/** More than any number of misfits within a model that gives something back. */
const fruitless = 1e6;

/** Shape mismatches, and layers whose output shape is not known; a model that gives nothing back fits worst of all. */
function misfitOf(session: ReadingSession, { application }: Applied): number {
  const nodes = session.tracer.nodes.slice(application.firstNode, application.endNode);
  const shapeless = nodes.filter((node) => !node.outputShape || node.outputShape.includes(undefined)).length;
  const beyondTable = nodes.filter((node) => readsBeyondTable(session.tracer.nodes, node)).length;
  return (
    (session.mismatches.length + beyondTable) * 10 + shapeless + (application.outputs.length === 0 ? fruitless : 0)
  );
}

/** Positions 0, 1, … looked up in a table that has fewer rows. */
function readsBeyondTable(nodes: readonly NetworkNode[], { operation, inputs }: NetworkNode): boolean {
  if (operation.kind !== 'embedding') return false;
  const indices = nodes[inputs[0] ?? -1];
  const length = indices?.outputShape?.at(-1);
  return indices?.operation.kind === 'constant' && typeof length === 'number' && length > operation.count;
}

/** Inputs that go into an embedding are tokens. */
function contentsRead(session: ReadingSession, { application }: Applied): readonly ('real' | 'tokens')[] {
  const { nodes } = session.tracer;
  return application.inputs.map(({ node }) =>
    firstLayerAfter(nodes, node, application.endNode)?.operation.kind === 'embedding' ? 'tokens' : 'real',
  );
}

function* guessesFrom(
  session: ReadingSession,
  probe: Applied | undefined,
  count: number,
  resorts: readonly (readonly number[])[],
): Iterable<InputGuess> {
  const nodes = session.tracer.nodes;
  const templates = Array.from({ length: count }, (_, index) => {
    const input = probe?.application.inputs[index];
    const consumer = input && firstLayerAfter(nodes, input.node, probe.application.endNode);
    return consumer && templateOf(consumer.operation, nodes, probe.application);
  });
  const [first] = templates;
  if (!first) {
    for (const sizes of resorts)
      yield guessOf(Array.from({ length: count }, () => ({ sizes, content: 'real' as const })));
    return;
  }
  const longest = Math.max(...templates.map((template) => template?.length ?? 0));
  for (let index = 0; index < longest; index++) {
    yield guessOf(
      templates.map(
        (template) =>
          template?.[Math.min(index, template.length - 1)] ?? first[index] ?? { sizes: [64], content: 'real' },
      ),
    );
  }
}

interface InputTemplate {
  /** Without the batch axis. */
  readonly sizes: readonly number[];
  readonly content: 'real' | 'tokens';
  /** True where time or sequence stands before the batch. */
  readonly isBatchSecond?: boolean;
}

function guessOf(templates: readonly InputTemplate[]): InputGuess {
  return {
    shapes: templates.map(({ sizes, isBatchSecond }) =>
      isBatchSecond ? [sizes[0], batch, ...sizes.slice(1)] : [batch, ...sizes],
    ),
    contents: templates.map(({ content }) => content),
    known: 0,
  };
}

/** The inputs that a layer of this kind can have been meant for, likeliest first; undefined where it tells nothing. */
function templateOf(
  operation: Operation,
  nodes: readonly NetworkNode[],
  application: SeenApplication,
): readonly InputTemplate[] | undefined {
  const real = (...sizes: readonly number[]): InputTemplate => ({ sizes, content: 'real' });
  switch (operation.kind) {
    case 'linear': {
      const n = operation.inFeatures;
      const side = Math.sqrt(n);
      const colourSide = Math.sqrt(n / 3);
      const pictures = [
        ...(Number.isInteger(side) && side >= 16 ? [real(1, side, side)] : []),
        ...(Number.isInteger(colourSide) && colourSide >= 16 ? [real(3, colourSide, colourSide)] : []),
      ];
      return [real(n), ...pictures, ...sequenceLengths.slice(0, 3).map((length) => real(length, n))];
    }
    case 'convolution': {
      const { rank, inChannels, channelAxis } = operation;
      if (rank === 1) return sequenceLengths.map((length) => channels(channelAxis, inChannels, [length]));
      const sides = countDownsamplings(nodes, application) >= manyDownsamplings ? largeFirst : smallFirst;
      if (operation.transposed)
        return [1, 4, 7, 8].map((side) =>
          channels(
            channelAxis,
            inChannels,
            Array.from({ length: rank }, () => side),
          ),
        );
      if (rank === 3) return [16, 32].map((side) => channels(channelAxis, inChannels, [side, side, side]));
      return sides.map((side) => channels(channelAxis, inChannels, [side, side]));
    }
    case 'embedding':
      return sequenceLengths.map((length) => ({ sizes: [length], content: 'tokens' }));
    case 'recurrent':
      return sequenceLengths.map((length) => ({
        ...real(length, operation.inputFeatures),
        isBatchSecond: operation.timeAxis === 0,
      }));
    case 'multiheadAttention':
      return sequenceLengths.map((length) => ({
        ...real(length, operation.features),
        isBatchSecond: !operation.batchFirst,
      }));
    default:
      return undefined;
  }
}

function channels(channelAxis: number, count: number, sizes: readonly number[]): InputTemplate {
  return { sizes: channelAxis === 1 ? [count, ...sizes] : [...sizes, count], content: 'real' };
}

function countDownsamplings(nodes: readonly NetworkNode[], { firstNode, endNode }: SeenApplication): number {
  return nodes.slice(firstNode, endNode).filter(({ operation }) => {
    const isStrided = operation.kind === 'pooling' || (operation.kind === 'convolution' && !operation.transposed);
    return isStrided && operation.stride.some((stride) => stride > 1);
  }).length;
}

/** The first learned layer that reads the input, through whatever changes of shape. */
function firstLayerAfter(nodes: readonly NetworkNode[], input: NodeId, endNode: NodeId): NetworkNode | undefined {
  const reached = new Set<NodeId>([input]);
  for (let id = input + 1; id < endNode; id++) {
    const node = nodes[id];
    if (!node?.inputs.some((from) => reached.has(from))) continue;
    if (learnedKinds.has(node.operation.kind)) return node;
    reached.add(id);
  }
  return undefined;
}

const learnedKinds: ReadonlySet<string> = new Set([
  'linear',
  'convolution',
  'embedding',
  'recurrent',
  'multiheadAttention',
]);
