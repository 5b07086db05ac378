import { makeStr } from './make';
import type { Scope, Value } from './values';

export function moduleScopeOf(scope: Scope): Scope {
  let outermost = scope;
  while (outermost.parent) outermost = outermost.parent;
  return outermost;
}

/** `__name__` of the module that a scope lies in: `__module__` of what is defined there. */
export function moduleNameOf(scope: Scope): Value {
  return moduleScopeOf(scope).names.get('__name__') ?? makeStr('__main__');
}
