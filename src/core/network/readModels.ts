import type { AnalyzeOptions, Assumption, RecognisedActivation, UnbuiltModel, Unknown } from '../analysis';
import { isNetwork } from '../frameworks/handwritten/evidence';
import type { Project } from '../project';
import { defaultBudget } from '../python/machine';
import type { ParsedModule } from '../python/parse';
import { parsePython } from '../python/parse';
import { blockEntry, blockNames } from './blocks';
import { findDirectives } from './directive';
import { findEntryPoints } from './entryPoints';
import { FileEvaluation } from './fileEvaluation';
import { type GivenDataOf, readGivenData } from './givenData';
import { refusedDirectives } from './modelInput';
import type { Network, Shape } from './network';
import { type DuplicatePackage, openProjectModules, type ProjectModules } from './projectModules';
import { importsFramework, isDescribed } from './quickScan';
import { defaultBatchSize, type ReadModel, readModel, unknownAt } from './readModel';
import { findRecognisedActivations } from './recognisedActivations';
import { type DataEvidence, gatherDataEvidence, type WrittenData, writtenData } from './writtenData';
import { writtenEntry } from './writtenEntry';

/** What one file's source says about models and activations. */
export interface Reading {
  readonly isRelevant: boolean;
  readonly parsed: ParsedModule | undefined;
  readonly models: readonly ReadModel[];
  readonly activations: readonly RecognisedActivation[];
  readonly unknowns: readonly Unknown[];
  readonly unbuilt: readonly UnbuiltModel[];
  readonly blocks: readonly string[];
  readonly syntaxErrors: readonly Unknown[];
}

type FoundInFile = Pick<Reading, 'models' | 'activations' | 'unknowns' | 'unbuilt' | 'blocks'>;

const nothingFound: FoundInFile = { models: [], activations: [], unknowns: [], unbuilt: [], blocks: [] };

/** Reads every model of a file. A file that imports no known framework costs one scan of its text. Never throws. */
export async function readModels(
  project: Project,
  file: string,
  text: string,
  options: AnalyzeOptions,
): Promise<Reading> {
  if (!importsFramework(text) && options.modelExpression === undefined) {
    return { isRelevant: false, parsed: undefined, syntaxErrors: [], ...nothingFound };
  }
  const parsed = parsePython(text);
  const syntaxErrors = parsed.errors.map(({ message, start, end }) => unknownAt(message, { file, start, end }));
  const { clock } = options;
  const wholeTimeMs = options.budget?.timeMs ?? defaultBudget.timeMs;
  const modules = await openProjectModules(project, file, text, isDescribed, { clock, timeMs: wholeTimeMs });
  const directives = findDirectives(parsed.comments);
  const given = await readGivenData(project, file, directives, options.models, options.input);
  const started = clock();
  let waitedMs = 0;
  for (;;) {
    const spentMs = clock() - started - waitedMs;
    const evaluation = new FileEvaluation(
      parsed,
      file,
      options,
      options.batchSize ?? defaultBatchSize,
      modules,
      spentMs,
    );
    const found = readEvaluation(evaluation, options, modules, given);
    evaluation.close();
    if (!modules?.isWaiting || options.cancel?.cancelled) {
      modules?.end();
      const unknowns = [...found.unknowns, ...refusedDirectives(file, directives, given, found.models)];
      return { isRelevant: true, parsed, syntaxErrors, ...found, unknowns };
    }
    const reading = clock();
    await modules.readWanted();
    waitedMs += clock() - reading;
  }
}

/** Of no worth while `modules` waits for a file. */
function readEvaluation(
  evaluation: FileEvaluation,
  options: AnalyzeOptions,
  modules: ProjectModules | undefined,
  given: GivenDataOf,
): FoundInFile {
  if (modules?.isWaiting) return nothingFound;
  const models: ReadModel[] = [];
  let evidence: DataEvidence | undefined;
  const written = (sizes: Shape, network: Network): WrittenData | undefined => {
    evidence ??= gatherDataEvidence(evaluation);
    return writtenData(evidence, sizes, network);
  };
  const { modelExpression, block } = options;
  const inFile = modelExpression === undefined ? findEntryPoints(evaluation, options.models) : undefined;
  const { entries, unknowns, unbuilt } = !inFile
    ? writtenEntry(evaluation, modelExpression ?? '')
    : block === undefined
      ? inFile
      : blockEntry(evaluation, block, inFile, options.models);
  for (const entry of entries) {
    if (modules?.isWaiting) return nothingFound;
    if (options.cancel?.cancelled) break;
    const model = readModel(evaluation, entry, options, given(entry.name), written);
    if (entry.open === evaluation.handwritten && !isOwnNetwork(model, models)) continue;
    models.push({ ...model, assumptions: [...model.assumptions, ...chosenPackages(modules?.duplicates ?? [])] });
  }
  const activations = findRecognisedActivations(evaluation);
  return {
    models: modelExpression === undefined ? withoutParts(models.filter(isWorthShowing)) : models,
    activations,
    unknowns: [...stoppedEarly(evaluation), ...unknowns],
    unbuilt,
    blocks: inFile ? blockNames(evaluation, inFile) : [],
  };
}

/** Where the fuel ran out before everything was read: what is missing from the answer may be missing for that. */
function stoppedEarly({ interpreter, file }: FileEvaluation): readonly Unknown[] {
  const { exhaustion } = interpreter;
  if (exhaustion === undefined) return [];
  const place = interpreter.unknowns.find(({ reason }) => reason === exhaustion)?.span;
  return [unknownAt(exhaustion, place?.file === file ? place : { file, start: 0, end: 0 })];
}

function chosenPackages(duplicates: readonly DuplicatePackage[]): readonly Assumption[] {
  return duplicates.map(({ name, used, others }) => ({
    what: { text: 'package {name}, found more than once', values: { name } },
    value: `${used} (${others.join(', ')})`,
    span: undefined,
  }));
}

/** What is written by hand is a model only where it is a network, and not another function of the same weights. */
function isOwnNetwork({ network }: ReadModel, models: readonly ReadModel[]): boolean {
  if (!isNetwork(network.nodes)) return false;
  const known = new Set(models.flatMap((model) => model.network.parameters.map(({ id }) => id)));
  return network.parameters.some(({ id }) => !known.has(id));
}

/** Losses, activations and data augmentation come as modules too; what has nothing to learn is a model only where it is not understood. */
function isWorthShowing({ network, unknowns }: ReadModel): boolean {
  return network.parameters.length > 0 || unknowns.length > 0;
}

/** A model whose parameters are all among those of a larger one is a part of it. */
function withoutParts(models: readonly ReadModel[]): readonly ReadModel[] {
  const sets = models.map(({ network }) => new Set(network.parameters.map(({ id }) => id)));
  return models.filter((_, index) => {
    const own = [...(sets[index] ?? [])];
    return own.length === 0 || !sets.some((other) => other.size > own.length && own.every((id) => other.has(id)));
  });
}
