import type { Assumption, RefusedValue, Unknown } from '../analysis';
import type { CallContext } from '../python/values';
import { type InputStatistics, type SampleStatistics, statisticsName } from '../signal/inputStatistics';
import type { Span } from '../span';
import type { Directive } from './directive';
import type { EntryPoint } from './entryPoints';
import type { GivenData, GivenDataOf } from './givenData';
import { type Applied, applyWithInputs } from './inputPolicy';
import type { KnownData, KnownInput } from './knownInput';
import type { Shape } from './network';
import type { ReadingSession } from './readingSession';
import type { WrittenData } from './writtenData';

/** What the data of a model are taken to be. */
export interface ModelInput {
  readonly statistics: InputStatistics;
  readonly isAssumed: boolean;
  /** The source computes the first input, of what no name is known for: the statistics stand for nothing. */
  readonly isComputed?: true;
  /** Where the source says what the data are. */
  readonly span?: Span;
  /** What somebody said of them, where it is taken. */
  readonly given?: GivenData;
  readonly refused?: RefusedValue;
}

/** `mnist`, `computed`. */
export function dataName({ isComputed, statistics }: ModelInput): string {
  return isComputed ? 'computed' : statisticsName(statistics);
}

interface AppliedWithData {
  readonly applied: Applied | undefined;
  /** True where the sample batch says what shape the input has. */
  readonly isSampled: boolean;
  readonly refused: RefusedValue | undefined;
}

/** Feeds the model. Where nothing else tells the input's shape a sample does; a sample that the model cannot take is refused. */
export function applyWithData(
  session: ReadingSession,
  entry: EntryPoint,
  context: CallContext,
  known: KnownInput | undefined,
  given: GivenData | undefined,
): AppliedWithData {
  const apply = (guess: KnownInput['guess'] | undefined) =>
    applyWithInputs(session, entry.open, entry.model, context, guess, entry.framework !== 'torch');
  const sample = sampleIn(given);
  if (sample && !known) {
    const applied = apply({ shapes: [[{ perBatch: 1 }, ...sample.shape]], contents: ['real'], known: 1 });
    const fits = session.mismatches.length === 0 && applied !== undefined && applied.application.outputs.length > 0;
    if (fits) return { applied, isSampled: true, refused: undefined };
  }
  const applied = apply(known?.guess);
  const reason = sample ? misfit(sample, applied?.guess.shapes[0]) : unreadable(given);
  const refused = given && reason !== undefined ? { value: given.name, reason, from: given.from } : undefined;
  return { applied, isSampled: false, refused };
}

function sampleIn(given: GivenData | undefined): SampleStatistics | undefined {
  const statistics = given?.statistics;
  return typeof statistics === 'object' && statistics.kind === 'sample' ? statistics : undefined;
}

function unreadable(given: GivenData | undefined): string | undefined {
  const statistics = given?.statistics;
  return typeof statistics === 'object' && statistics.kind === 'refused' ? statistics.reason : undefined;
}

/** Samples may be flat where the model takes pictures, and the other way round; their number of elements tells. */
function misfit({ shape }: SampleStatistics, input: Shape): string | undefined {
  const sizes = input?.filter((dim) => typeof dim !== 'object');
  if (!sizes?.every((size) => size !== undefined)) return undefined;
  const count = (all: readonly number[]) => all.reduce((product, size) => product * size, 1);
  if (count(shape) === count(sizes)) return undefined;
  return `its samples have the shape ${shape.join('x')}, the model takes ${sizes.join('x')}`;
}

/**
 * What somebody said of the data; tokens; what the source draws the input from; what its data pipeline says; else standard normal, assumed.
 */
export function modelInput(
  applied: Applied | undefined,
  known: KnownInput | undefined,
  { given, refused }: { readonly given: GivenData | undefined; readonly refused: RefusedValue | undefined },
  written: (sizes: Shape) => WrittenData | undefined,
): ModelInput {
  const statistics = given?.statistics;
  const isTaken = statistics !== undefined && !refused;
  if (isTaken && (typeof statistics === 'string' || statistics.kind !== 'refused')) {
    return { statistics, isAssumed: false, given };
  }
  return { ...sourceInput(applied, known, written), ...(refused && { refused }) };
}

function sourceInput(
  applied: Applied | undefined,
  known: KnownData | undefined,
  written: (sizes: Shape) => WrittenData | undefined,
): ModelInput {
  if (known?.made) return sourceInput(known.made.data.applied, known.made.data, written);
  if (known?.isMade) {
    if (known.drawnFrom) return { statistics: known.drawnFrom, isAssumed: false };
    return { statistics: 'standard-normal', isAssumed: false, isComputed: true };
  }
  if (applied?.guess.contents[0] === 'tokens') return { statistics: 'tokens', isAssumed: false };
  const data = written(applied?.guess.shapes[0]?.slice(1));
  const drawn = known?.drawnFrom;
  if (drawn && !(data && known.isDemonstration)) return { statistics: drawn, isAssumed: false };
  if (!data) return { statistics: 'standard-normal', isAssumed: true };
  const { statistics, isScaled, span } = data;
  return { statistics, isAssumed: !isScaled, ...(span && { span }) };
}

export function assumedInput(applied: Applied | undefined, span: Span): readonly Assumption[] {
  const { shapes, known } = applied?.guess ?? { shapes: [], known: 0 };
  if (known >= shapes.length) return [];
  const sizes = shapes.slice(known).map((shape) =>
    shape
      ? shape
          .filter((dim) => typeof dim !== 'object')
          .map((dim) => dim ?? '?')
          .join('×')
      : '?',
  );
  return [{ what: { text: 'input shape', values: {} }, value: sizes.join(', '), span }];
}

/** Data that directives name and that are not taken: they cannot be read, or do not fit the model. */
export function refusedDirectives(
  file: string,
  directives: readonly Directive[],
  givenTo: GivenDataOf,
  models: readonly { readonly name: string; readonly input: ModelInput }[],
): readonly Unknown[] {
  return directives.flatMap(({ modelName, data, start, end }) => {
    const given = givenTo(modelName);
    const refused = models.find(({ name }) => name === modelName)?.input.refused;
    const reason = refused?.from === 'directive' ? refused.reason : unreadable(given);
    if (data === undefined || given?.from !== 'directive' || reason === undefined) return [];
    return [{ reason: { text: '{data}: {reason}', values: { data, reason } }, span: { file, start, end } }];
  });
}
