import { type Intent, isStateMessage } from '../src/protocol/messages';
import type { Content, ViewState } from '../src/protocol/viewState';
import { comparePage } from './comparePage';
import { element, isInUse } from './dom';
import { messagePage } from './messagePage';
import type { Arrangement, DrawnPart, PageContext, ProfilePart } from './page';
import { profilePage } from './profilePage';
import { onThemeChange, readTheme } from './theme';

const host = acquireVsCodeApi<Arrangement>();
const arrangement: Arrangement = { ...host.getState() };
const root = element('main');
const live = element('div', { class: 'hidden-text', attributes: { role: 'status', 'aria-live': 'polite' } });
document.getElementById('page')?.append(root, live);

let shown: ViewState | undefined;
let part: DrawnPart | undefined;
/** Came while somebody was typing or choosing. */
let waiting: ViewState | undefined;

const send = (intent: Intent) => host.postMessage(intent);

window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (!isStateMessage(data)) return;
  waiting = data.state;
  showWhenFree();
});
onThemeChange(redraw);
new ResizeObserver(onWidth(redraw)).observe(root);
send({ type: 'ready' });

/** A state that comes by itself takes away no text half typed and closes no list of choices. */
function showWhenFree(): void {
  if (!waiting) return;
  if (isInUse()) {
    setTimeout(showWhenFree, 100);
    return;
  }
  const state = waiting;
  waiting = undefined;
  show(state);
}

function show(state: ViewState): void {
  const last = shown;
  shown = state;
  if (last?.revision !== state.revision) render(state);
  if (part && isProfile(part) && (last?.revision !== state.revision || !sameList(last.highlights, state.highlights))) {
    if (state.highlights.length > 0 || last?.highlights.length) part.highlight(state.highlights);
  }
}

function render(state: ViewState): void {
  const focused = document.activeElement?.getAttribute('data-focus');
  const { scrollTop } = document.documentElement;
  part?.dispose();
  part = undefined;
  document.body.dataset.place = state.place;
  const context: PageContext = {
    strings: state.strings,
    arrangement,
    save: () => host.setState(arrangement),
    send,
    speak: (text) => {
      live.textContent = text;
    },
  };
  const made = partOf(state.content, context);
  root.replaceChildren('root' in made ? made.root : made);
  if ('root' in made) {
    part = made;
    made.draw(readTheme());
  }
  document.documentElement.scrollTop = scrollTop;
  if (focused) root.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function partOf(content: Content, context: PageContext): DrawnPart | HTMLElement {
  switch (content.kind) {
    case 'profile':
      return profilePage(content, context);
    case 'compare':
      return comparePage(content, context);
    default:
      return messagePage(content, context);
  }
}

function redraw(): void {
  part?.draw(readTheme());
}

/** Chart labels depend on the width; Chart.js follows the size of its boxes by itself. */
function onWidth(callback: () => void): ResizeObserverCallback {
  let last = 0;
  return ([entry]) => {
    const width = Math.round(entry?.contentRect.width ?? 0);
    if (width === last) return;
    const isFirst = last === 0;
    last = width;
    if (!isFirst && width > 0) callback();
  };
}

function isProfile(candidate: DrawnPart): candidate is ProfilePart {
  return 'highlight' in candidate;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
