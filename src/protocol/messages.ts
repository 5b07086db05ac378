import type { NetworkEdit } from '../core/analysis';
import type { ViewState } from './viewState';
import { isPythonLiteral, parseSizes } from './writtenValues';

/** The one message to the page. */
export interface StateMessage {
  readonly type: 'state';
  readonly state: ViewState;
}

/** What the page asks of the host. */
export type Intent =
  | { readonly type: 'ready' }
  | { readonly type: 'chooseModel'; readonly index: number }
  | { readonly type: 'revealLayer'; readonly version: string; readonly path: string; readonly focus: boolean }
  | { readonly type: 'setWhatIf'; readonly edits: readonly NetworkEdit[] }
  | {
      readonly type: 'applyFix';
      readonly version: string;
      readonly rule: string;
      readonly finding: number;
      readonly fix: number;
    }
  | { readonly type: 'revealFinding'; readonly version: string; readonly finding: number }
  /** A Python literal; empty to forget what was given. */
  | { readonly type: 'setArgument'; readonly model: string; readonly name: string; readonly text: string }
  /** `3x32x32`; empty to forget what was given. */
  | { readonly type: 'setInputShape'; readonly model: string; readonly text: string }
  /** A preset; empty to forget what was given. */
  | { readonly type: 'setInputData'; readonly model: string; readonly text: string }
  /** The host asks for the file. */
  | { readonly type: 'chooseSample'; readonly model: string }
  | { readonly type: 'writeDirective'; readonly version: string }
  | { readonly type: 'revealOrigin'; readonly version: string; readonly origin: number }
  | { readonly type: 'showBlock'; readonly name: string }
  | { readonly type: 'showExpression'; readonly text: string }
  | { readonly type: 'openRulePage'; readonly rule: string }
  | { readonly type: 'setCompare'; readonly ids: readonly string[] }
  | { readonly type: 'showCompare' }
  | { readonly type: 'showProfile' }
  | { readonly type: 'showOutput' };

const maxEdits = 16;
const maxIds = 64;
const maxText = 1000;

/** The intent that a message from the page holds; undefined for anything else. Messages come from outside and are checked in every part. */
export function intentOf(message: unknown): Intent | undefined {
  if (!isRecord(message)) return undefined;
  const { type } = message;
  switch (type) {
    case 'ready':
    case 'showCompare':
    case 'showProfile':
    case 'showOutput':
      return { type };
    case 'chooseModel':
      return isIndex(message.index) ? { type, index: message.index } : undefined;
    case 'revealLayer': {
      const { version, path, focus } = message;
      return isText(version) && isText(path) && typeof focus === 'boolean' ? { type, version, path, focus } : undefined;
    }
    case 'setWhatIf':
      return isListOf(message.edits, isEdit, maxEdits) ? { type, edits: message.edits } : undefined;
    case 'applyFix': {
      const { version, rule, finding, fix } = message;
      return isText(version) && isText(rule) && isIndex(finding) && isIndex(fix)
        ? { type, version, rule, finding, fix }
        : undefined;
    }
    case 'revealFinding': {
      const { version, finding } = message;
      return isText(version) && isIndex(finding) ? { type, version, finding } : undefined;
    }
    case 'setArgument': {
      const { model, name, text } = message;
      const isValid = isText(model) && isName(name) && isText(text) && (text === '' || isPythonLiteral(text));
      return isValid ? { type, model, name, text } : undefined;
    }
    case 'setInputShape': {
      const { model, text } = message;
      const isValid = isText(model) && isText(text) && (text === '' || parseSizes(text) !== undefined);
      return isValid ? { type, model, text } : undefined;
    }
    case 'setInputData': {
      const { model, text } = message;
      return isText(model) && isText(text) && /^[a-z-]*$/.test(text) && text.length < 40
        ? { type, model, text }
        : undefined;
    }
    case 'chooseSample':
      return isText(message.model) ? { type, model: message.model } : undefined;
    case 'writeDirective':
      return isText(message.version) ? { type, version: message.version } : undefined;
    case 'revealOrigin': {
      const { version, origin } = message;
      return isText(version) && isIndex(origin) ? { type, version, origin } : undefined;
    }
    case 'showBlock':
      return isName(message.name) ? { type, name: message.name } : undefined;
    case 'showExpression':
      return isText(message.text) && message.text !== '' ? { type, text: message.text } : undefined;
    case 'openRulePage':
      return isText(message.rule) && /^[a-z0-9-]+$/.test(message.rule) ? { type, rule: message.rule } : undefined;
    case 'setCompare':
      return isListOf(message.ids, isText, maxIds) ? { type, ids: message.ids } : undefined;
    default:
      return undefined;
  }
}

/** True for the host's message: the page listens on a window that others may write to. */
export function isStateMessage(message: unknown): message is StateMessage {
  if (!isRecord(message) || message.type !== 'state' || !isRecord(message.state)) return false;
  const { revision, content, strings } = message.state;
  return typeof revision === 'number' && isRecord(content) && typeof content.kind === 'string' && isRecord(strings);
}

function isEdit(value: unknown): value is NetworkEdit {
  if (!isRecord(value)) return false;
  switch (value.kind) {
    case 'activation':
      return isText(value.id) && (value.paths === undefined || isListOf(value.paths, isText, 10_000));
    case 'initialiser':
      return isText(value.id);
    case 'normalisation':
      return value.variant === 'batch' || value.variant === 'layer';
    default:
      return false;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxText;
}

function isName(value: unknown): value is string {
  return isText(value) && /^[\p{L}_][\p{L}\p{N}_]*$/u.test(value) && value.length <= 200;
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function isListOf<T>(value: unknown, check: (item: unknown) => item is T, most: number): value is readonly T[] {
  return Array.isArray(value) && value.length <= most && value.every(check);
}
