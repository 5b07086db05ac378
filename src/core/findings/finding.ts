import type { Span } from '../span';

export type Severity = 'error' | 'warning' | 'information' | 'hint';

/** Text with named places: `{share} of the units are saturated`. Numbers stay numbers until a face formats them. */
export interface Message {
  readonly text: string;
  readonly values: Readonly<Record<string, MessageValue>>;
}

export type MessageValue =
  | string
  | { readonly kind: 'count'; readonly value: number }
  /** A positive quantity shown in scientific or plain notation with two digits. */
  | { readonly kind: 'magnitude'; readonly value: number }
  /** 10 to the power of `log10`: safe below 1e-300. */
  | { readonly kind: 'log10'; readonly log10: number }
  | { readonly kind: 'share'; readonly value: number };

export interface TextEdit {
  readonly span: Span;
  readonly newText: string;
}

/** What re-analysing the edited text gives. */
export interface FixEffect {
  /** What is compared: the gradient at the first layer, the saturated share, … */
  readonly quantity: 'firstLayerGradient' | 'outputScale' | 'saturatedShare' | 'deadShare';
  /** Path of the layer the quantity is read at. */
  readonly path: string;
  /** log10 for scales, plain for shares. */
  readonly before: number;
  readonly after: number;
  /** True where the finding is gone and nothing worse came. */
  readonly resolves: boolean;
}

export interface Fix {
  readonly title: Message;
  readonly effect: FixEffect | undefined;
  readonly edits: readonly TextEdit[];
  readonly isPreferred: boolean;
}

export interface RelatedSpan {
  readonly span: Span;
  readonly message: Message;
}

/** Plain serialisable data. Severity and suppression were decided by the reporting function, never by a rule. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: Message;
  readonly span: Span;
  readonly related: readonly RelatedSpan[];
  readonly model: string;
  /** Paths of the layers concerned. */
  readonly layers: readonly string[];
  /** Best first. Filled by `computeFixes`, empty until somebody asks. */
  readonly fixes: readonly Fix[];
}
