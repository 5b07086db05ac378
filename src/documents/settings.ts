import { type ConfigurationScope, workspace } from 'vscode';
import type { RuleSettings } from '../core/analysis';
import type { Severity } from '../core/findings/finding';
import { type InputPreset, inputPresets } from '../core/signal/inputStatistics';
import { settingIds, settingsSection } from '../protocol/ids';

/** Every setting with its value checked; what is no sensible value counts as not set. */
export interface Settings {
  readonly isCodeLensEnabled: boolean;
  readonly isHoverEnabled: boolean;
  /** Findings below this severity make no diagnostics. */
  readonly diagnosticsLevel: Severity | 'off';
  readonly delayMs: number;
  readonly timeBudgetMs: number;
  /** Undefined: worked out from the model's input. */
  readonly input: InputPreset | undefined;
  readonly batchSize: number | undefined;
  /** Folders in which imports are looked for too, absolute or from the workspace's folder on. */
  readonly searchPath: readonly string[];
  /** Whether real runs in a worker refine the numbers. */
  readonly refines: boolean;
  readonly rules: RuleSettings;
  readonly opensPanelOnStart: boolean;
}

const severities: readonly string[] = ['error', 'warning', 'information', 'hint', 'off'] satisfies (Severity | 'off')[];

/** The settings that hold for a resource. */
export function readSettings(scope: ConfigurationScope | undefined): Settings {
  const configuration = workspace.getConfiguration(settingsSection, scope);
  const read = (id: string): unknown => configuration.get(id);
  return {
    isCodeLensEnabled: read(settingIds.codeLensEnabled) !== false,
    isHoverEnabled: read(settingIds.hoverEnabled) !== false,
    diagnosticsLevel: severityOf(read(settingIds.diagnosticsLevel)) ?? 'hint',
    delayMs: numberBetween(read(settingIds.analysisDelayMs), 0, 60_000) ?? 500,
    timeBudgetMs: numberBetween(read(settingIds.analysisTimeBudgetMs), 50, 600_000) ?? 2000,
    input: inputPresets.find((preset) => preset === read(settingIds.analysisInput)),
    batchSize: numberBetween(read(settingIds.analysisBatchSize), 1, 1e6),
    searchPath: textsOf(read(settingIds.searchPath)).map((folder) =>
      folder.replace(/^\$\{workspaceFolder\}[\\/]?/, './'),
    ),
    refines: read(settingIds.analysisRefine) !== false,
    rules: {
      severities: entriesOf(read(settingIds.ruleSeverities), severityOf),
      thresholds: entriesOf(read(settingIds.ruleThresholds), (value) =>
        typeof value === 'number' && Number.isFinite(value) ? value : undefined,
      ),
    },
    opensPanelOnStart: read(settingIds.panelOpenOnStart) === true,
  };
}

function severityOf(value: unknown): Severity | 'off' | undefined {
  return typeof value === 'string' && severities.includes(value) ? (value as Severity | 'off') : undefined;
}

function numberBetween(value: unknown, low: number, high: number): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.max(value, low), high) : undefined;
}

const maxFolders = 50;

function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((entry): entry is string => typeof entry === 'string' && entry !== '').slice(0, maxFolders);
}

function entriesOf<T>(value: unknown, check: (value: unknown) => T | undefined): Record<string, T> {
  const checked: Record<string, T> = {};
  if (typeof value !== 'object' || value === null) return checked;
  for (const [name, entry] of Object.entries(value)) {
    const accepted = check(entry);
    if (accepted !== undefined) checked[name] = accepted;
  }
  return checked;
}
