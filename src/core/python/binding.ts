import type { SignatureParameter } from './arguments';
import type { CallSite, Machine } from './machine';
import { makeDict, makeStr, makeTuple, setEntry } from './make';
import type { FunctionLike, Parameter } from './syntax';
import type { CallArguments, DictValue, FunctionValue, UnknownValue, Value } from './values';

/**
 * Puts a call's arguments into the callee's names. More lenient than Python where the source may still be half written: a required
 * argument that nobody supplies is an unknown, and so recorded; surplus ones are recorded and dropped. Inside a `try` of the user's
 * both raise as in Python.
 */
export function bindToScope(
  machine: Machine,
  callee: FunctionValue,
  args: CallArguments,
  names: Map<string, Value>,
  site: CallSite | undefined,
): UnknownValue | undefined {
  const { positional, named } = args;
  const used = named.size > 0 ? new Set<string>() : undefined;
  let next = 0;
  let isKeywordOnly = false;
  let rest: DictValue | undefined;
  for (const parameter of callee.definition.parameters) {
    const name = parameter.name?.name ?? '';
    switch (parameter.form) {
      case '/':
        break;
      case 'bare*':
        isKeywordOnly = true;
        break;
      case '*':
        names.set(name, makeTuple(positional.slice(next)));
        next = positional.length;
        isKeywordOnly = true;
        break;
      case '**':
        rest = makeDict();
        names.set(name, rest);
        break;
      default: {
        const byPosition = !isKeywordOnly && next < positional.length ? positional[next++] : undefined;
        const given = byPosition ?? named.get(name);
        if (used && named.has(name)) {
          used.add(name);
          if (byPosition) machine.fail('TypeError', `argument '${name}' of ${callee.name} is given twice`, site?.span);
        }
        names.set(name, given ?? callee.defaults.get(name) ?? missing(machine, callee, parameter, args, site));
      }
    }
  }
  if (next < positional.length) {
    machine.fail(
      'TypeError',
      `${callee.name} takes ${next} positional arguments but ${positional.length} are given`,
      site?.span,
    );
  }
  if (used && used.size < named.size) {
    for (const [name, value] of named) {
      if (used.has(name)) continue;
      if (rest) setEntry(rest, makeStr(name), value);
      else machine.fail('TypeError', `${callee.name} has no parameter '${name}'`, site?.span);
    }
  }
  return undefined;
}

function missing(
  machine: Machine,
  callee: FunctionValue,
  parameter: Parameter,
  args: CallArguments,
  site: CallSite | undefined,
): Value {
  if (args.rest) return args.rest;
  return machine.fail('TypeError', `argument '${parameter.name?.name}' of ${callee.name} is not given`, site?.span);
}

/** The parameters of a `def` or `lambda`, with the defaults evaluated at definition. */
export function signatureOf(callee: FunctionValue): readonly SignatureParameter[] {
  return parametersOf(callee.definition, callee.defaults);
}

function parametersOf(definition: FunctionLike, defaults: ReadonlyMap<string, Value>): SignatureParameter[] {
  const slash = definition.parameters.findIndex(({ form }) => form === '/');
  let isKeywordOnly = false;
  const parameters: SignatureParameter[] = [];
  for (const [index, parameter] of definition.parameters.entries()) {
    if (parameter.form === 'bare*' || parameter.form === '*') isKeywordOnly = true;
    if (!parameter.name) continue;
    const { name } = parameter.name;
    const form =
      parameter.form === '*' || parameter.form === '**'
        ? parameter.form
        : isKeywordOnly
          ? 'keyword'
          : index < slash
            ? 'positional'
            : 'plain';
    parameters.push({ name, form, default: defaults.get(name) });
  }
  return parameters;
}
