/** Ids shared by the manifest, the host and the page; a unit test holds them against the manifest. */

export const commandIds = {
  showProfile: 'gradlens.showProfile',
  compareActivations: 'gradlens.compareActivations',
  showOutput: 'gradlens.showOutput',
} as const;

/** The view container and the side view in it. */
export const viewIds = {
  container: 'gradlens',
  profile: 'gradlens.profile',
} as const;

/** The editor panel's view type: what VS Code restores it by. */
export const panelViewType = 'gradlens.profilePanel';

/** First part of every setting's name. */
export const settingsSection = 'gradlens';

/** Settings without the section. */
export const settingIds = {
  codeLensEnabled: 'codeLens.enabled',
  hoverEnabled: 'hover.enabled',
  diagnosticsLevel: 'diagnostics.level',
  analysisDelayMs: 'analysis.delayMs',
  analysisInput: 'analysis.input',
  analysisBatchSize: 'analysis.batchSize',
  analysisTimeBudgetMs: 'analysis.timeBudgetMs',
  analysisRefine: 'analysis.refine',
  searchPath: 'searchPath',
  ruleSeverities: 'rules.severities',
  ruleThresholds: 'rules.thresholds',
  panelOpenOnStart: 'panel.openOnStart',
} as const;

/** What diagnostics and status items are signed with. */
export const productName = 'Gradlens';

export const walkthroughId = 'gradlens.start';

/** The language that is analysed. */
export const pythonLanguage = 'python';

/** Where the pages of the rules stand. */
export function rulePageUrl(rule: string): string {
  return `${repositoryUrl}/blob/main/docs/rules/${rule}.md`;
}

export const repositoryUrl = 'https://github.com/gradlens/gradlens';
