import { type ExtensionContext, languages, Uri, window, workspace } from 'vscode';
import { analyze } from './core/analyze';
import { DocumentAnalyses } from './documents/documentAnalyses';
import { ModelSettingsStore } from './documents/modelSettings';
import { Refinement } from './documents/refinement';
import { SourceAnalysis } from './documents/sourceAnalysis';
import { WorkspaceProject } from './documents/workspaceProject';
import { CodeActions } from './editor/codeActions';
import { ProfileLenses } from './editor/codeLens';
import { Commands } from './editor/commands';
import { Diagnostics } from './editor/diagnostics';
import { ProfileHovers } from './editor/hover';
import { OpenOnStart } from './editor/openOnStart';
import { Status } from './editor/status';
import { Pages } from './panels/pages';
import { productName, pythonLanguage } from './protocol/ids';
import { JobQueue } from './refinement/jobQueue';
import { startWorker } from './refinement/startWorker';

/** Builds what the extension consists of and hands it to the editor; reads no file and parses nothing itself. */
export function activate(context: ExtensionContext): void {
  const startMs = performance.now();
  const clock = () => performance.now();
  const log = window.createOutputChannel(productName, { log: true });
  const project = new WorkspaceProject(log);
  const readBundled = async (name: string) =>
    new TextDecoder().decode(await workspace.fs.readFile(Uri.joinPath(context.extensionUri, 'dist', name)));
  const jobs = new JobQueue(
    () => startWorker(readBundled),
    (line) => log.warn(line),
  );
  const settings = new ModelSettingsStore(context.workspaceState);
  const analysis = new SourceAnalysis(analyze, project, settings, clock, log);
  const analyses = new DocumentAnalyses(analysis, project, settings, new Refinement(jobs));
  const pages = new Pages(context.extensionUri, analyses, settings, log);
  const lenses = new ProfileLenses(analyses);
  context.subscriptions.push(
    log,
    project,
    settings,
    analyses,
    pages,
    new Commands(pages, log),
    new Diagnostics(analyses),
    new Status(analyses),
    lenses,
    languages.registerCodeLensProvider(pythonLanguage, lenses),
    languages.registerHoverProvider(pythonLanguage, new ProfileHovers(analyses)),
    languages.registerCodeActionsProvider(pythonLanguage, new CodeActions(analyses), CodeActions.metadata),
    new OpenOnStart(pages),
  );
  analyses.openAll();
  log.info(`Activated in ${(performance.now() - startMs).toFixed(0)} ms.`);
}
