import type { AnalyzeOptions, Assumption, Origin, Unknown } from '../analysis';
import type { FrameworkId } from '../frameworks/framework';
import { walk } from '../python/syntaxSearch';
import type { ClassValue } from '../python/values';
import type { Span } from '../span';
import { attachLoss } from './attachLoss';
import { cutNetwork } from './cut';
import { findDirectives } from './directive';
import type { EntryPoint } from './entryPoints';
import type { FileEvaluation } from './fileEvaluation';
import type { GivenData } from './givenData';
import type { Applied } from './inputPolicy';
import { type KnownInput, knownInput } from './knownInput';
import { namesLosses } from './lossNames';
import { applyWithData, assumedInput, type ModelInput, modelInput } from './modelInput';
import type { Network, Shape } from './network';
import { placedIn } from './openFile';
import { argumentOrigins, batchOrigin, dataOrigin, shapeOrigin } from './origins';
import type { WrittenData } from './writtenData';

export interface ReadModel {
  readonly name: string;
  readonly framework: FrameworkId;
  /** The token that names the model: its class, its builder or its variable. */
  readonly span: Span;
  /** The whole definition. */
  readonly body: Span;
  readonly definition: Span | undefined;
  readonly network: Network;
  readonly input: ModelInput;
  readonly assumptions: readonly Assumption[];
  readonly origins: readonly Origin[];
  readonly unknowns: readonly Unknown[];
}

export const defaultBatchSize = 32;

/** One model of an evaluated file, followed from its input to its loss. */
export function readModel(
  evaluation: FileEvaluation,
  entry: EntryPoint,
  options: AnalyzeOptions,
  given: GivenData | undefined,
  dataOf: (sizes: Shape, network: Network) => WrittenData | undefined,
): ReadModel {
  const { session, interpreter } = evaluation;
  const directive = findDirectives(evaluation.parsed.comments).find(({ modelName }) => modelName === entry.name);
  const inputShape = options.models?.[entry.name]?.inputShape ?? options.inputShape;
  if (entry.open === evaluation.handwritten) {
    const evidence = {
      differentiated: session.losses.map(({ tensor }) => tensor),
      isNamed: namesLosses(evaluation.parsed),
    };
    evaluation.handwritten.findUse(entry.model, evidence, interpreter.context([entry.span]));
  }
  const said = options.batchSize ?? directive?.batchSize;
  const inLoader = writtenBatchSize(evaluation);
  session.tracer.batchSize = said ?? inLoader ?? defaultBatchSize;
  const known = knownInput(evaluation, entry, inputShape, directive, given !== undefined);
  const batchSize = said ?? withinData(known?.batchSize ?? inLoader, known);
  session.tracer.batchSize = batchSize ?? defaultBatchSize;
  const context = interpreter.context([entry.span]);
  const assumedBefore = interpreter.assumptions.length;
  const unknownBefore = interpreter.unknowns.length;
  const { applied, isSampled, refused } = applyWithData(session, entry, context, known, given);
  const loss = applied && attachLoss(evaluation, entry, applied);
  const application = applied?.application;
  const traced = cutNetwork({
    tracer: session.tracer,
    inputs: application?.inputs ?? [],
    outputs: application?.outputs ?? [],
    loss: loss?.node,
    parameters: entry.open.parametersOf(entry.model),
    firstNode: application?.firstNode ?? 0,
    endNode: application?.endNode ?? 0,
  });
  const network = placedIn(traced, entry.span);
  // What a guess that was dropped did not understand says nothing of the network that was understood.
  const isWhole = isWholeNetwork(network) && session.mismatches.length === 0;
  const isHere = (index: number, before: number, span: Span | undefined) =>
    index >= before || isWithin(span, entry.body);
  const input = modelInput(applied, known, { given, refused }, (sizes) => dataOf(sizes, network));
  return {
    name: entry.name,
    framework: entry.framework,
    span: entry.span,
    body: entry.body,
    definition: definitionOf(entry.model.class),
    network,
    input,
    origins: [
      ...argumentOrigins(evaluation, entry.model, entry.making),
      shapeOrigin(applied, entry, { isGiven: inputShape !== undefined, isSampled, directive }),
      dataOrigin(input, directive, entry.body.file),
      batchOrigin(
        { given: options.batchSize, written: batchSize, assumed: defaultBatchSize },
        directive,
        entry.body.file,
      ),
    ],
    assumptions: distinct([
      ...entry.assumptions,
      ...assumedInput(applied, entry.span),
      ...assumedInput(known?.made?.data.applied, entry.span),
      ...(batchSize === undefined ? [assumedBatchSize(entry.span)] : []),
      ...(loss?.assumption ? [loss.assumption] : []),
      ...interpreter.assumptions
        .filter((assumption, index) => isHere(index, assumedBefore, assumption.span))
        .map(({ what, value, span }) => ({
          what: { text: what, values: {} },
          value,
          span: span && spanWithin(span, entry.span),
        })),
    ]),
    unknowns: distinctUnknowns([
      ...network.nodes.flatMap(({ operation, provenance }) =>
        operation.kind === 'unknown' ? [unknownAt(operation.reason, provenance.applied)] : [],
      ),
      ...session.mismatches.map((description) => unknownAt(description, entry.span)),
      ...interpreter.unknowns
        .filter(({ span }, index) => {
          if (entry.open === evaluation.handwritten && isWhole) return false;
          return index < unknownBefore ? isWithin(span, entry.body) : !isWhole;
        })
        .map(({ reason, span }) => unknownAt(reason, spanWithin(span ?? entry.span, entry.span))),
      ...lostOutput(applied, entry.span),
      ...(entry.open.unsizedParametersOf?.(entry.model) ?? []).map((path) =>
        unknownAt(`the shape of ${path} is not known`, entry.span),
      ),
      ...(application ? [] : [unknownAt('the model could not be followed from its input to an output', entry.span)]),
    ]),
  };
}

function definitionOf({ definition, file }: ClassValue): Span | undefined {
  return definition && file !== undefined ? { file, start: definition.start, end: definition.end } : undefined;
}

function isWholeNetwork({ nodes, outputs }: Network): boolean {
  const isKnown = nodes.every(
    ({ operation, outputShape }) => operation.kind !== 'unknown' && outputShape && !outputShape.includes(undefined),
  );
  return isKnown && outputs.length > 0;
}

/** `batch_size=64` of the first call that says it: a data loader, `fit`. */
function writtenBatchSize({ parsed, interpreter, scope, file }: FileEvaluation): number | undefined {
  let found: number | undefined;
  walk(parsed.module, (node) => {
    if (found !== undefined || node.kind !== 'call') return;
    const argument = node.arguments.find(({ name }) => name?.name === 'batch_size');
    if (argument?.value.kind !== 'number' && argument?.value.kind !== 'name') return;
    const value = interpreter.evaluateExpression(argument.value, scope, file);
    if (value.kind === 'int' && value.value > 0) found = value.value;
  });
  return found;
}

/** No batch has more samples than the data that stand in the source. */
function withinData(written: number | undefined, known: KnownInput | undefined): number | undefined {
  const data = known?.drawnFrom;
  const all = typeof data === 'object' && data.kind === 'sample' ? data.count : Number.POSITIVE_INFINITY;
  return all < (written ?? defaultBatchSize) ? all : written;
}

function assumedBatchSize(span: Span): Assumption {
  return { what: { text: 'batch size', values: {} }, value: String(defaultBatchSize), span };
}

/** Why nothing comes out of a model, where the value that it returns knows. */
function lostOutput(applied: Applied | undefined, span: Span): readonly Unknown[] {
  if (!applied || applied.application.outputs.length > 0) return [];
  const { result } = applied;
  if (result.kind === 'unknown') return [unknownAt(result.reason, result.span ? spanWithin(result.span, span) : span)];
  return [unknownAt('the model returns no tensor that is known', span)];
}

export function unknownAt(reason: string, span: Span): Unknown {
  return { reason: { text: reason.replaceAll('{', '(').replaceAll('}', ')'), values: {} }, span };
}

/** `span`, or `place` where it lies in another file. */
function spanWithin(span: Span, place: Span): Span {
  return span.file === place.file ? span : place;
}

function isWithin(span: Span | undefined, body: Span): boolean {
  return span !== undefined && span.file === body.file && span.start >= body.start && span.end <= body.end;
}

function distinct(assumptions: readonly Assumption[]): readonly Assumption[] {
  const keyed = assumptions.map(
    (assumption) =>
      [`${assumption.what.text} ${JSON.stringify(assumption.what.values)}=${assumption.value}`, assumption] as const,
  );
  return [...new Map(keyed.toReversed()).values()].toReversed();
}

function distinctUnknowns(unknowns: readonly Unknown[]): readonly Unknown[] {
  const keyed = unknowns.map((unknown) => [`${unknown.reason.text}@${unknown.span.start}`, unknown] as const);
  return [...new Map(keyed.toReversed()).values()].toReversed();
}
