import type { LogOutputChannel } from 'vscode';
import type { Analysis, AnalyzeOptions } from '../core/analysis';
import type { Clock, Project } from '../core/project';
import { FilesRead } from './filesRead';
import type { ModelSettingsStore } from './modelSettings';
import type { OpenSource } from './openSources';
import { readSettings, type Settings } from './settings';
import { Snapshot } from './snapshot';
import type { ProjectSource } from './workspaceProject';

/** The door of the core, or a double of it. */
export type Analyze = (project: Project, file: string, options: AnalyzeOptions) => Promise<Analysis>;

export interface AnalyzedSource {
  readonly snapshot: Snapshot;
  readonly filesRead: FilesRead;
}

/** Analyses an open text once, among the files around it and as the settings have it. */
export class SourceAnalysis {
  #lastId = 0;

  constructor(
    private readonly analyze: Analyze,
    private readonly project: ProjectSource,
    private readonly models: Pick<ModelSettingsStore, 'of'>,
    private readonly clock: Clock,
    private readonly log: LogOutputChannel,
  ) {}

  /** Undefined where the analysis failed; the log says why. */
  async run(
    { read, documents }: OpenSource,
    options: Partial<AnalyzeOptions>,
    cancel: { readonly cancelled: boolean } = { cancelled: false },
  ): Promise<AnalyzedSource | undefined> {
    const source = read();
    const file = source.uri.toString();
    const settings = settingsOf({ uri: source.uri, documents });
    const filesRead = new FilesRead();
    const startMs = this.clock();
    try {
      const around = await this.project.around(source.uri);
      const analysis = await this.analyze(filesRead.noting(around, { file, text: source.text }), file, {
        clock: this.clock,
        budget: { timeMs: settings.timeBudgetMs },
        cancel,
        input: settings.input,
        batchSize: settings.batchSize,
        rules: settings.rules,
        models: this.models.of(source.uri),
        ...options,
      });
      const elapsedMs = this.clock() - startMs;
      const { readMs, signalMs, rulesMs } = analysis.timings;
      this.log.debug(
        `${file}: ${analysis.models.length} models in ${elapsedMs.toFixed(0)} ms (reading ${readMs.toFixed(0)}, signal ${signalMs.toFixed(0)}, rules ${rulesMs.toFixed(0)}).`,
      );
      const snapshot = new Snapshot({
        id: ++this.#lastId,
        analysis,
        source,
        otherTexts: filesRead.texts,
        problems: around.problems,
        readNow: read,
        elapsedMs,
        isOverBudget: elapsedMs > settings.timeBudgetMs,
        isStale: false,
      });
      return { snapshot, filesRead };
    } catch (error) {
      this.log.error(`${file} could not be analysed.`, error instanceof Error ? error : String(error));
      return undefined;
    }
  }
}

/** The settings that hold for an open text. */
export function settingsOf({ uri, documents }: Pick<OpenSource, 'uri' | 'documents'>): Settings {
  return readSettings(documents()[0] ?? uri);
}
