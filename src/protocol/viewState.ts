import type { Expression } from '../core/activations/expression';
import type { NetworkEdit } from '../core/analysis';
import type { Severity } from '../core/findings/finding';
import type { SignalFlag } from '../core/signal/profile';
import type { PageStrings } from './pageStrings';

/** Where the page stands: in the side bar or in an editor's place. */
export type PagePlace = 'side' | 'panel';

/** All that the page draws, as plain data. What is missing is absent, never NaN or infinite: the way to the page is JSON. */
export interface ViewState {
  /** Grows whenever anything but the highlights changed. */
  readonly revision: number;
  readonly place: PagePlace;
  readonly strings: PageStrings;
  /** Paths of the layers at the editor's cursor; several where one line makes several. */
  readonly highlights: readonly string[];
  readonly content: Content;
}

export type Content = EmptyContent | BusyContent | FailedContent | NothingContent | ProfileContent | CompareContent;

export interface EmptyContent {
  readonly kind: 'empty';
}

export interface BusyContent {
  readonly kind: 'busy';
  readonly file: string;
}

export interface FailedContent {
  readonly kind: 'failed';
  readonly file: string;
  readonly reason: string;
}

/** A Python file without a model in it. */
export interface NothingContent {
  readonly kind: 'nothing';
  readonly file: string;
  readonly why: 'no-framework' | 'no-model' | 'syntax';
  readonly unbuilt: readonly UnbuiltView[];
  /** What was not understood, in words. */
  readonly problems: readonly string[];
}

export interface ProfileContent {
  readonly kind: 'profile';
  readonly file: string;
  /** Names the analysis that the numbers come from; intents carry it back. */
  readonly version: string;
  /** From before the text ceased to parse. */
  readonly isStale: boolean;
  /** Being analysed anew. */
  readonly isBusy: boolean;
  /** Real runs go on whose numbers will take the place of these. */
  readonly isRefining: boolean;
  readonly models: readonly string[];
  /** Index into `models`. */
  readonly chosen: number;
  /** Classes that the models are built of: shown where somebody asks. */
  readonly blocks: readonly string[];
  /** What is shown in the place of a model of the file, or was asked for in vain. */
  readonly asked?: AskedView;
  readonly unbuilt: readonly UnbuiltView[];
  /** True where assumed and given values can be written into the code. */
  readonly canWriteDirective: boolean;
  readonly model: ModelView;
  readonly whatIf: WhatIfView;
}

/** A block, or an expression that somebody wrote in the page. */
export interface AskedView {
  readonly kind: 'block' | 'expression';
  readonly text: string;
  /** Why it is not shown. */
  readonly problem?: string;
}

/** A model that waits for arguments that nobody gives. */
export interface UnbuiltView {
  readonly name: string;
  readonly missing: readonly string[];
}

export interface WhatIfView {
  readonly edits: readonly NetworkEdit[];
  readonly activations: readonly NamedChoice[];
  readonly initialisers: readonly NamedChoice[];
}

export interface NamedChoice {
  readonly id: string;
  readonly title: string;
}

/** Ends in log10. */
export interface LogRange {
  readonly low: number;
  readonly high: number;
}

export interface ModelView {
  readonly name: string;
  readonly framework: string;
  /** Layers with a trainable weight. */
  readonly depth: number;
  readonly parameterCount: number;
  readonly input: string;
  readonly isInputAssumed: boolean;
  /** Real runs that refined the numbers, as written and as changed at least so many; 0 where they come from formulas alone. */
  readonly runs: number;
  /** True where those were runs of a smaller copy. */
  readonly isOfCopy?: boolean;
  /** log10 of the first layer's gradient over the last one's. */
  readonly gradientFall?: number;
  readonly gradientFallAfter?: number;
  /** What the rules make of it, with the what-if's changes where there are any; absent where they say nothing. */
  readonly verdict?: Verdict;
  readonly layers: readonly LayerView[];
  /** Where activations are healthy. */
  readonly activationRange?: LogRange;
  readonly curves: readonly CurveView[];
  readonly findings: readonly FindingView[];
  readonly origins: readonly OriginView[];
  /** Of other things than the origins name. */
  readonly assumptions: readonly AssumptionView[];
  readonly unknowns: readonly UnknownView[];
}

export interface Verdict {
  readonly gradient: 'healthy' | 'vanishing' | 'exploding';
  readonly severity?: Severity;
}

export type LayerKind = 'weights' | 'activation' | 'norm' | 'other' | 'unknown';

export interface LayerView {
  readonly path: string;
  readonly label: string;
  readonly kind: LayerKind;
  /** `N × 64 × 32 × 32`, sizes not worked out as `?`. */
  readonly shape: string;
  /** Where the layer is made, from the inside out: `blocks.py, line 8`, `line 12`. */
  readonly places: readonly string[];
  /** How the weights are drawn. */
  readonly initialiser?: string;
  /** Index into the model's curves; with a what-if the curve that is put in its place. */
  readonly curve?: number;
  /** Of the worst finding that names the layer, with the what-if's changes where there are any. */
  readonly severity?: Severity;
  /** Where the layer's gradient is healthy: as the rules see it, a layer of many pixels may have less each. */
  readonly gradientRange?: LogRange;
  readonly now: LayerNumbers;
  /** With the what-if's changes. */
  readonly after?: LayerNumbers;
}

/** log10 of a root mean square with its standard deviation over seeds, in dex. */
export interface SizeView {
  readonly log10: number;
  readonly sd: number;
}

export interface LayerNumbers {
  readonly gradient?: SizeView;
  readonly activation?: SizeView;
  readonly weightGradient?: SizeView;
  readonly saturated?: number;
  /** Standard deviation of that share over seeds. */
  readonly saturatedSd?: number;
  readonly preactivation?: { readonly mean: number; readonly std: number; readonly slopeRms: number };
  readonly flags: readonly SignalFlag[];
}

export interface CurveView {
  /** Of the catalogue, or `custom`. */
  readonly id: string;
  readonly title: string;
  readonly formula: string;
  readonly derivative?: string;
  readonly slopeMaximum?: number;
  readonly expression: Expression;
}

export interface FindingView {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly hasPage: boolean;
  readonly layers: readonly string[];
  readonly fixes: readonly FixView[];
}

export interface FixView {
  readonly title: string;
  /** log10 of a size before and after, or shares. */
  readonly effect?: {
    readonly isShare: boolean;
    readonly before: number;
    readonly after: number;
    readonly resolves: boolean;
  };
  readonly isPreferred: boolean;
}

/** A value that shapes the model or its numbers, and where it comes from. */
export interface OriginView {
  readonly what: string;
  readonly value: string;
  /** `call`, `assumed`. */
  readonly source: string;
  /** `line 24`, `config.py, line 3`; absent where it stands nowhere. */
  readonly place?: string;
  readonly isAssumed: boolean;
  /** What was given in its place and is not taken, and why. */
  readonly refusal?: string;
  /** How it can be set in the page; absent where the source decides. */
  readonly field?: OriginField;
}

export type OriginField =
  | { readonly kind: 'argument'; readonly name: string; readonly isGiven: boolean }
  | { readonly kind: 'inputShape'; readonly isGiven: boolean }
  /** `given`: the preset or the sample batch that was chosen, taken or not. */
  | { readonly kind: 'inputData'; readonly presets: readonly string[]; readonly given: string | undefined };

export interface AssumptionView {
  readonly what: string;
  readonly value: string;
}

export interface UnknownView {
  readonly reason: string;
  /** Counted from 1; absent where the place is in another file. */
  readonly line?: number;
}

export interface CompareContent {
  readonly kind: 'compare';
  readonly choices: readonly ComparedActivation[];
  /** Ids of those drawn, in the order they were chosen. */
  readonly chosen: readonly string[];
  /** A profile to go back to. */
  readonly hasProfile: boolean;
}

export interface ComparedActivation extends CurveView {
  readonly typicalUse?: string;
  readonly saturates?: string;
  /** Root mean square of the slope for pre-activations of N(0, 1). */
  readonly slopeRms?: number;
}
