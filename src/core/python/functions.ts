import { evaluate } from './expressions';
import type { Frame, Machine } from './machine';
import type { FunctionLike } from './syntax';
import type { FunctionValue, Scope, Value } from './values';

const noDefaults: ReadonlyMap<string, Value> = new Map();

/** The function that a `def` or `lambda` makes here: its defaults are evaluated now, its body when called. */
export function makeFunction(machine: Machine, frame: Frame, definition: FunctionLike): FunctionValue {
  let defaults: Map<string, Value> | undefined;
  for (const parameter of definition.parameters) {
    if (!parameter.default || !parameter.name) continue;
    defaults ??= new Map();
    defaults.set(parameter.name.name, evaluate(machine, frame, parameter.default));
  }
  return {
    kind: 'function',
    name: definition.kind === 'lambda' ? '<lambda>' : definition.name.name,
    definition,
    file: frame.file,
    closure: enclosingScope(frame.scope),
    defaults: defaults ?? noDefaults,
    owner: frame.classBeingMade ?? frame.function?.owner,
    attributes: new Map(),
  };
}

/** Class bodies are not enclosing for functions. */
function enclosingScope(scope: Scope): Scope {
  let enclosing = scope;
  while (enclosing.kind === 'class' && enclosing.parent) enclosing = enclosing.parent;
  return enclosing;
}
