import { window } from 'vscode';
import { analyze } from '../../src/core/analyze';
import { DocumentAnalyses } from '../../src/documents/documentAnalyses';
import { ModelSettingsStore } from '../../src/documents/modelSettings';
import { Refinement } from '../../src/documents/refinement';
import { SourceAnalysis } from '../../src/documents/sourceAnalysis';
import { WorkspaceProject } from '../../src/documents/workspaceProject';
import { HeldRuns } from './heldRuns';
import { MemoryStorage } from './memoryStorage';

/** Real analyses of the test workspace whose refinement waits for the test. */
export class HeldAnalyses {
  readonly log = window.createOutputChannel('Gradlens test', { log: true });
  readonly project = new WorkspaceProject(this.log);
  readonly settings = new ModelSettingsStore(new MemoryStorage());
  readonly runs = new HeldRuns();
  readonly analyses = new DocumentAnalyses(
    new SourceAnalysis(analyze, this.project, this.settings, () => performance.now(), this.log),
    this.project,
    this.settings,
    new Refinement(this.runs),
  );

  dispose(): void {
    for (const owned of [this.analyses, this.settings, this.project, this.log]) owned.dispose();
  }
}
