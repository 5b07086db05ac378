import { findAttribute } from './attributes';
import { classOf } from './builtinClasses';
import { equals } from './comparison';
import { evaluate, spanOf } from './expressions';
import { iterate } from './iteration';
import type { Frame, Machine } from './machine';
import { getEntry, makeDict, makeList } from './make';
import { isSubclass, lookupInClass } from './nativeClass';
import { unwrap } from './payload';
import { type Completion, executeBlock } from './statements';
import type { MatchStatement, Pattern } from './syntax';
import { assignName } from './targets';
import { truthOf } from './truth';
import type { Value } from './values';

/** The first case that matches; where an unknown decides, the first that may match, as an assumption. */
export function executeMatch(machine: Machine, frame: Frame, node: MatchStatement): Completion {
  const subject = evaluate(machine, frame, node.subject);
  for (const clause of node.cases) {
    let matched = matchPattern(machine, frame, clause.pattern, subject);
    if (matched !== false && clause.guard) {
      const guard = truthOf(machine, evaluate(machine, frame, clause.guard));
      matched = guard === false ? false : guard === undefined ? undefined : matched;
    }
    if (matched === false) continue;
    if (matched === undefined) {
      machine.undecided++;
      machine.assume('case', 'matches', spanOf(frame, clause.pattern));
    }
    return executeBlock(machine, frame, clause.body);
  }
  return 'normal';
}

/** Binds names as it goes, as Python does; undefined where it cannot be told. */
function matchPattern(machine: Machine, frame: Frame, pattern: Pattern, subject: Value): boolean | undefined {
  switch (pattern.kind) {
    case 'value':
      return equals(machine, subject, evaluate(machine, frame, pattern.value));
    case 'capture':
      if (pattern.name) assignName(frame, pattern.name.name, subject);
      return true;
    case 'as': {
      const matched = matchPattern(machine, frame, pattern.pattern, subject);
      if (matched !== false) assignName(frame, pattern.name.name, subject);
      return matched;
    }
    case 'or': {
      let result: boolean | undefined = false;
      for (const alternative of pattern.alternatives) {
        const matched = matchPattern(machine, frame, alternative, subject);
        if (matched) return true;
        if (matched === undefined) result = undefined;
      }
      return result;
    }
    case 'sequence':
      return matchSequence(machine, frame, pattern.items, subject);
    case 'mapping':
      return matchMapping(machine, frame, pattern, subject);
    case 'class':
      return matchClass(machine, frame, pattern, subject);
    case 'error':
      return undefined;
  }
}

function all(results: Iterable<boolean | undefined>): boolean | undefined {
  let result: boolean | undefined = true;
  for (const matched of results) {
    if (matched === false) return false;
    if (matched === undefined) result = undefined;
  }
  return result;
}

function matchSequence(
  machine: Machine,
  frame: Frame,
  patterns: readonly Pattern[],
  subject: Value,
): boolean | undefined {
  if (subject.kind === 'unknown') {
    for (const pattern of patterns) matchPattern(machine, frame, pattern, subject);
    return undefined;
  }
  const inner = unwrap(subject);
  if (inner.kind !== 'list' && inner.kind !== 'tuple' && inner.kind !== 'range') return false;
  const items = iterate(machine, inner);
  if (!items) return undefined;
  const star = patterns.findIndex((pattern) => pattern.kind === 'capture' && pattern.isStar);
  if (star < 0 ? items.length !== patterns.length : items.length < patterns.length - 1) return false;
  return all(
    patterns.map((pattern, index) => {
      if (index === star) {
        const rest = items.slice(star, items.length - (patterns.length - star - 1));
        return matchPattern(machine, frame, pattern, makeList(rest));
      }
      const item = items[star >= 0 && index > star ? items.length - (patterns.length - index) : index];
      return item ? matchPattern(machine, frame, pattern, item) : false;
    }),
  );
}

function matchMapping(
  machine: Machine,
  frame: Frame,
  pattern: Extract<Pattern, { kind: 'mapping' }>,
  subject: Value,
): boolean | undefined {
  if (subject.kind === 'unknown') return undefined;
  const dict = unwrap(subject);
  if (dict.kind !== 'dict') return false;
  const rest = new Map(dict.entries);
  const matched = all(
    pattern.entries.map(({ key, value }) => {
      const wanted = evaluate(machine, frame, key);
      const found = getEntry(dict, wanted);
      for (const [text, entry] of rest) if (entry.value === found) rest.delete(text);
      return found ? matchPattern(machine, frame, value, found) : false;
    }),
  );
  if (pattern.rest && matched !== false) {
    assignName(frame, pattern.rest.name, makeDict([...rest.values()].map(({ key, value }) => [key, value])));
  }
  return matched;
}

function matchClass(
  machine: Machine,
  frame: Frame,
  pattern: Extract<Pattern, { kind: 'class' }>,
  subject: Value,
): boolean | undefined {
  const cls = evaluate(machine, frame, pattern.class);
  const own = classOf(subject);
  if (!own || cls.kind !== 'class') return undefined;
  if (!isSubclass(own, cls)) return false;
  const names = lookupInClass(cls, '__match_args__');
  let position = 0;
  return all(
    pattern.arguments.map(({ name, pattern: inner }) => {
      if (name) {
        const value = findAttribute(machine, subject, name.name, spanOf(frame, name));
        return value ? matchPattern(machine, frame, inner, value) : false;
      }
      const at = position++;
      // `int(x)`, `str(x)` … bind the subject itself.
      if (cls.isNative && at === 0) return matchPattern(machine, frame, inner, subject);
      const field = names?.kind === 'tuple' ? names.items[at] : undefined;
      const value =
        field?.kind === 'str' ? findAttribute(machine, subject, field.value, spanOf(frame, inner)) : undefined;
      return value ? matchPattern(machine, frame, inner, value) : undefined;
    }),
  );
}
