import type { ActivationUse } from './activations/activation';
import type { Finding, Message, Severity } from './findings/finding';
import type { Network } from './network/network';
import type { Budget, CancelSignal, Clock } from './project';
import type { InputStatistics } from './signal/inputStatistics';
import type { SignalProfile } from './signal/profile';
import type { Span } from './span';

/** Something the reader did not understand; it stays unknown in everything that depends on it. */
export interface Unknown {
  readonly reason: Message;
  readonly span: Span;
}

/** Something the reader had to assume to go on, by a written policy. */
export interface Assumption {
  /** What is assumed: `input shape`, `argument depth`, `loss`, `batch size`. */
  readonly what: Message;
  readonly value: string;
  readonly span: Span | undefined;
}

/** What shapes a model and its numbers. */
export type OriginSubject =
  | { readonly kind: 'argument'; readonly name: string }
  | { readonly kind: 'inputShape' }
  | { readonly kind: 'inputData' }
  | { readonly kind: 'batchSize' };

/** Who says a value: a call in the file, or one in another; an option of the command line; the parameter's default; … */
export type OriginSource =
  | 'call'
  | 'otherFile'
  | 'commandLine'
  | 'default'
  | 'directive'
  /** The user, to us: in the page, in the settings or as an option. */
  | 'user'
  /** The sample batch that somebody gives: its samples' shape. */
  | 'sample'
  /** What else the source shows: a declaration, a data set. */
  | 'source'
  | 'assumption';

/** Where a value that shapes a model comes from. */
export interface Origin {
  readonly subject: OriginSubject;
  /** As Python writes it. */
  readonly value: string;
  readonly from: OriginSource;
  readonly span: Span | undefined;
  /** What was given in the value's place and is not taken. */
  readonly refused?: RefusedValue;
}

export interface RefusedValue {
  /** As it was written. */
  readonly value: string;
  /** One line. */
  readonly reason: string;
  readonly from: 'user' | 'directive';
}

/** A model that could not be constructed because nobody gives these arguments. */
export interface UnbuiltModel {
  readonly name: string;
  readonly span: Span;
  readonly missing: readonly string[];
}

/** What the user says of one model. */
export interface ModelSettings {
  /** Python literals by name of the argument. */
  readonly arguments?: Readonly<Record<string, string>>;
  /** Without the batch axis. */
  readonly inputShape?: readonly number[];
  /** A preset or a `.npy` file, as a directive writes it. */
  readonly data?: string;
}

export interface ModelAnalysis {
  /** The class or variable that a person would name it by. */
  readonly name: string;
  readonly framework: 'torch' | 'keras' | 'flax' | 'numpy';
  /** The token that names the model: the class's or builder's name. */
  readonly span: Span;
  /** The whole definition. */
  readonly body: Span;
  /** Of the model's class, in whichever file. */
  readonly definition: Span | undefined;
  readonly network: Network;
  readonly signal: SignalProfile;
  /** `span`: where the source says it. */
  readonly input: {
    readonly statistics: string;
    readonly isAssumed: boolean;
    readonly span?: Span;
    /** What the engines are told of it. */
    readonly given: InputStatistics;
  };
  readonly findings: readonly Finding[];
  readonly assumptions: readonly Assumption[];
  readonly origins: readonly Origin[];
  readonly unknowns: readonly Unknown[];
}

/** An activation that stands in the source outside any model: a textbook line such as `s = 1 / (1 + np.exp(-x))`. */
export interface RecognisedActivation {
  /** The variable or function that holds it. */
  readonly name: string;
  readonly activation: ActivationUse;
  /** The expression. */
  readonly span: Span;
}

export interface Timings {
  readonly readMs: number;
  readonly signalMs: number;
  readonly rulesMs: number;
}

/** Plain serialisable data: what one file's analysis says. */
export interface Analysis {
  readonly file: string;
  /** False where the quick scan found no framework that we know. */
  readonly isRelevant: boolean;
  readonly models: readonly ModelAnalysis[];
  readonly activations: readonly RecognisedActivation[];
  /** Findings of no single model (unused suppressions). Those of models stand with them. */
  readonly findings: readonly Finding[];
  readonly unknowns: readonly Unknown[];
  readonly unbuilt: readonly UnbuiltModel[];
  /** Model classes that other models of the file are built of: each is profiled with the option `block`. */
  readonly blocks: readonly string[];
  /** Where the text did not parse. */
  readonly syntaxErrors: readonly Unknown[];
  readonly timings: Timings;
}

export interface RuleSettings {
  /** By rule id; a rule not named keeps its default. */
  readonly severities: Readonly<Record<string, Severity | 'off'>>;
  /** Thresholds by name, see `rules/thresholds.ts`. */
  readonly thresholds: Readonly<Record<string, number>>;
}

/** A change to the network before the signal is computed: the page's what-if. */
export type NetworkEdit =
  /** Every hidden activation (or those of `paths`) becomes this catalogue entry. */
  | { readonly kind: 'activation'; readonly id: string; readonly paths?: readonly string[] }
  /** Every weight matrix and kernel gets this initialiser: `xavier-normal`, `he-normal`, `lecun-normal`, `orthogonal`. Biases zero. */
  | { readonly kind: 'initialiser'; readonly id: string }
  /** A norm before every hidden activation. */
  | { readonly kind: 'normalisation'; readonly variant: 'batch' | 'layer' };

export interface AnalyzeOptions {
  readonly clock: Clock;
  readonly budget?: Partial<Budget>;
  readonly cancel?: CancelSignal;
  readonly input?: InputStatistics;
  /** Without the batch axis: [3, 32, 32]. */
  readonly inputShape?: readonly number[];
  readonly batchSize?: number;
  /** A constructor or builder call, evaluated among the file's names: `resnet18(num_classes=10)`. The answer is then that model alone. */
  readonly modelExpression?: string;
  /** A class that others are built of; the answer is then that model alone. */
  readonly block?: string;
  /** By name of the model. */
  readonly models?: Readonly<Record<string, ModelSettings>>;
  readonly rules?: RuleSettings;
  readonly edits?: readonly NetworkEdit[];
  /** Compute quick fixes with their effects too (re-analyses the edited text). */
  readonly withFixes?: boolean;
}
