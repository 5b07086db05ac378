import type { Analysis, AnalyzeOptions, ModelAnalysis, Timings } from './analysis';
import { computeFixes } from './findings/fixes/computeFixes';
import type { SourceText } from './findings/fixes/sourceText';
import { reportFindings, reportUnusedSuppressions } from './findings/report';
import { findSuppressions, type Suppression } from './findings/suppressions';
import { applyNetworkEdits } from './network/edits';
import { dataName } from './network/modelInput';
import type { ReadModel } from './network/readModel';
import { readModels } from './network/readModels';
import type { Project } from './project';
import { parsePython } from './python/parse';
import { withAnalyticBands } from './signal/merge';
import { propagate } from './signal/moments/propagate';

/**
 * The one door: what a file's models do to activations and gradients at initialisation. Total: whatever the file holds, the
 * answer is an analysis with unknowns in it. With `withFixes` each finding carries edits whose effect has been computed by
 * analysing the edited text; without it the fixes are empty.
 */
export async function analyze(project: Project, file: string, options: AnalyzeOptions): Promise<Analysis> {
  const text = await project.readText(file);
  if (text === undefined) return emptyAnalysis(file);
  const { clock } = options;
  const started = clock();
  const reading = await readModels(project, file, text, options);
  const read = clock();
  const suppressions = reading.parsed ? findSuppressions(file, text, reading.parsed.comments) : [];
  const used = new Set<Suppression>();
  const models: ModelAnalysis[] = [];
  const spent = { signalMs: 0, rulesMs: 0 };
  for (const model of reading.models) {
    if (options.cancel?.cancelled) break;
    models.push(analyzeModel(model, options, suppressions, used, spent));
  }
  const analysis: Analysis = {
    file,
    isRelevant: reading.isRelevant,
    models,
    activations: reading.activations,
    findings: reportUnusedSuppressions(suppressions, used),
    unknowns: reading.unknowns,
    unbuilt: reading.unbuilt,
    blocks: reading.blocks,
    syntaxErrors: reading.syntaxErrors,
    timings: { readMs: read - started, ...spent },
  };
  if (!options.withFixes || !reading.parsed) return analysis;
  return withFixes(analysis, { file, text, module: reading.parsed.module }, project, options);
}

function analyzeModel(
  model: ReadModel,
  options: AnalyzeOptions,
  suppressions: readonly Suppression[],
  used: Set<Suppression>,
  spent: { signalMs: number; rulesMs: number },
): ModelAnalysis {
  const { clock } = options;
  const started = clock();
  const network = applyNetworkEdits(model.network, options.edits ?? []);
  const signal = withAnalyticBands(propagate(network, model.input.statistics));
  const propagated = clock();
  const report = reportFindings({
    model: model.name,
    body: model.body,
    network,
    signal,
    assumptions: model.assumptions,
    settings: options.rules,
    suppressions,
  });
  for (const suppression of report.used) used.add(suppression);
  spent.signalMs += propagated - started;
  spent.rulesMs += clock() - propagated;
  return {
    name: model.name,
    framework: model.framework,
    span: model.span,
    body: model.body,
    definition: model.definition,
    network,
    signal,
    input: describedInput(model.input),
    findings: report.findings,
    assumptions: model.assumptions,
    origins: model.origins,
    unknowns: model.unknowns,
  };
}

function describedInput(input: ReadModel['input']): ModelAnalysis['input'] {
  const { statistics, isAssumed, span } = input;
  return { statistics: dataName(input), isAssumed, ...(span && { span }), given: statistics };
}

async function withFixes(
  analysis: Analysis,
  source: SourceText,
  project: Project,
  options: AnalyzeOptions,
): Promise<Analysis> {
  const reanalyse = (texts: ReadonlyMap<string, string>) => {
    const edited: Project = {
      ...project,
      readText: async (file) => texts.get(file) ?? (file === source.file ? source.text : project.readText(file)),
    };
    return analyze(edited, source.file, { ...options, withFixes: false });
  };
  const models: ModelAnalysis[] = [];
  for (const model of analysis.models) {
    const others = model.findings.length > 0 ? await editableSources(model, project) : [];
    models.push({ ...model, findings: await computeFixes(source, others, model, reanalyse) });
  }
  return { ...analysis, models };
}

/** Files of a model; more are not edited by one fix. */
const mostFiles = 20;

/** The other files that a model lies in, as far as the user edits them and they parse. */
async function editableSources(model: ModelAnalysis, project: Project): Promise<readonly SourceText[]> {
  const { nodes, parameters } = model.network;
  const places = [
    model.definition,
    ...nodes.map(({ provenance, isForeign }) => (isForeign ? undefined : provenance.elsewhere)),
    ...parameters.map(({ initialiser }) => initialiser.elsewhere),
  ];
  const files = new Set(places.flatMap((place) => (place && place.file !== model.span.file ? [place.file] : [])));
  const sources: SourceText[] = [];
  for (const file of [...files].filter((name) => project.isEditable?.(name)).slice(0, mostFiles)) {
    const text = await project.readText(file);
    const parsed = text === undefined ? undefined : parsePython(text);
    if (text !== undefined && parsed?.errors.length === 0) sources.push({ file, text, module: parsed.module });
  }
  return sources;
}

function emptyAnalysis(file: string): Analysis {
  const timings: Timings = { readMs: 0, signalMs: 0, rulesMs: 0 };
  return {
    file,
    isRelevant: false,
    models: [],
    activations: [],
    findings: [],
    unknowns: [],
    unbuilt: [],
    blocks: [],
    syntaxErrors: [],
    timings,
  };
}
