import type { LogOutputChannel, TextDocument } from 'vscode';
import type { AnalyzeOptions } from '../core/analysis';
import { Disposable } from '../disposable';
import type { DocumentAnalyses } from '../documents/documentAnalyses';
import type { Snapshot } from '../documents/snapshot';
import { chosenModel, type PageChoices } from './pageContent';

/** A snapshot that belongs to an analysis of the text and to what was chosen, or the wait for it. */
interface Derived {
  readonly key: string;
  snapshot: Snapshot | undefined;
  isPending: boolean;
  isRefining: boolean;
}

type Kind = 'fixes' | 'asked' | 'changed';

/** What one page shows of the text as it stands. */
export interface DerivedView {
  /** With quick fixes. */
  readonly withFixes: Snapshot | undefined;
  /** What was asked for in the place of the file's models. */
  readonly asked: Snapshot | undefined;
  /** With the what-if's changes. */
  readonly changed: Snapshot | undefined;
  /** True where an answer that belongs on the screen is still computed. */
  readonly isPending: boolean;
  readonly isRefining: boolean;
}

let pages = 0;

/** Further analyses of the text that a page shows: each computed once, told when it is there, and again when real runs refined it. */
export class DerivedSnapshots extends Disposable {
  readonly #derived = new Map<Kind, Derived>();
  readonly #page = ++pages;

  constructor(
    private readonly analyses: DocumentAnalyses,
    private readonly log: LogOutputChannel,
    private readonly onArrival: () => void,
  ) {
    super();
    this.register({ dispose: () => this.#forget('asked', 'changed') });
  }

  /** Begins what is missing and ends what is no longer wanted. `document` is any of the text's. */
  view(snapshot: Snapshot | undefined, document: TextDocument | undefined, choices: PageChoices): DerivedView {
    const isLive = snapshot !== undefined && !snapshot.isStale;
    const hasFindings = snapshot?.analysis.models.some(({ findings }) => findings.length > 0);
    const { asked, edits, shown } = choices;
    const fixes =
      isLive && document && hasFindings && shown === 'profile'
        ? this.#once('fixes', String(snapshot.id), () => this.analyses.withFixes(document))
        : this.#forget('fixes');
    const answer = snapshot && asked ? this.#variant('asked', snapshot, askedOptions(asked), 0) : this.#forget('asked');
    const model = asked ? 0 : chosenModel(snapshot?.analysis.models ?? [], choices);
    const changed =
      isLive && edits.length > 0
        ? this.#variant('changed', snapshot, { edits, ...askedOptions(asked) }, model)
        : this.#forget('changed');
    return {
      withFixes: fixes?.snapshot,
      asked: answer?.snapshot,
      changed: changed?.snapshot,
      isPending: [answer, changed].some((derived) => derived?.isPending),
      isRefining: [answer, changed].some((derived) => derived?.isRefining),
    };
  }

  #variant(kind: Kind, { id, uri }: Snapshot, options: Partial<AnalyzeOptions>, model: number): Derived {
    const key = `${id} ${model} ${JSON.stringify(options)}`;
    return this.#once(
      kind,
      key,
      () => this.analyses.variant(uri, options),
      (derived, snapshot) => this.#refine(kind, derived, snapshot, model),
    );
  }

  #once(
    kind: Kind,
    key: string,
    compute: () => Promise<Snapshot | undefined>,
    refine?: (derived: Derived, snapshot: Snapshot) => Promise<void>,
  ): Derived {
    const known = this.#derived.get(kind);
    if (known?.key === key) return known;
    this.#forget(kind);
    const derived: Derived = { key, snapshot: undefined, isPending: true, isRefining: false };
    this.#derived.set(kind, derived);
    void this.#arrive(kind, derived, compute(), refine);
    return derived;
  }

  async #arrive(
    kind: Kind,
    derived: Derived,
    pending: Promise<Snapshot | undefined>,
    refine: ((derived: Derived, snapshot: Snapshot) => Promise<void>) | undefined,
  ): Promise<void> {
    try {
      derived.snapshot = await pending;
    } catch (error) {
      this.log.error('A variant could not be computed.', error instanceof Error ? error : String(error));
    }
    derived.isPending = false;
    if (this.#derived.get(kind) !== derived) return;
    if (derived.snapshot && refine) void refine(derived, derived.snapshot);
    this.onArrival();
  }

  /** In the background, as the text's own numbers are. */
  async #refine(kind: Kind, derived: Derived, snapshot: Snapshot, model: number): Promise<void> {
    if (!this.analyses.mayRefine(snapshot, model)) return;
    derived.isRefining = true;
    const refined = await this.analyses.refineVariant(this.#job(kind), snapshot, model);
    derived.isRefining = false;
    if (this.#derived.get(kind) !== derived) return;
    derived.snapshot = refined ?? snapshot;
    this.onArrival();
  }

  #forget(...kinds: readonly Kind[]): undefined {
    for (const kind of kinds) if (this.#derived.delete(kind)) this.analyses.cancelVariant(this.#job(kind));
  }

  #job(kind: Kind): string {
    return `page ${this.#page} ${kind}`;
  }
}

export function askedOptions(asked: PageChoices['asked']): Partial<AnalyzeOptions> {
  if (!asked) return {};
  return asked.kind === 'block' ? { block: asked.text } : { modelExpression: asked.text };
}
