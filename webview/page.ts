import type { Intent } from '../src/protocol/messages';
import type { PageStrings } from '../src/protocol/pageStrings';
import type { Theme } from './theme';

/** What is kept over hiding and reloading: arrangement only, never data. */
export interface Arrangement {
  /** Path of the current layer. */
  layer?: string;
  isTableOpen?: boolean;
}

/** What the parts of the page share. */
export interface PageContext {
  readonly strings: PageStrings;
  readonly arrangement: Arrangement;
  save(): void;
  send(intent: Intent): void;
  /** Says a line to screen readers. */
  speak(text: string): void;
}

/** A part that draws on canvases: they are drawn when it stands in the document, and again with other colours. */
export interface DrawnPart {
  readonly root: HTMLElement;
  draw(theme: Theme): void;
  dispose(): void;
}

export interface ProfilePart extends DrawnPart {
  highlight(paths: readonly string[]): void;
}
