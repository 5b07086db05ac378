import { deleteAttribute, setAttribute } from './attributes';
import { evaluate, spanOf } from './expressions';
import { deleteItem, setItem } from './indexing';
import { iterate } from './iteration';
import type { Frame, Machine } from './machine';
import { makeList, makeUnknown } from './make';
import type { Expression } from './syntax';
import type { Scope, Value } from './values';

/** Binds a name where Python would: in the local scope unless declared `global` or `nonlocal`. */
export function assignName(frame: Frame, name: string, value: Value): void {
  scopeFor(frame, name).names.set(name, value);
}

function scopeFor(frame: Frame, name: string): Scope {
  const definition = frame.function?.definition;
  const local = frame.outerScope ?? frame.scope;
  if (definition?.kind !== 'function' || frame.classBeingMade) return local;
  if (definition.globalNames.includes(name)) return frame.moduleScope;
  if (definition.nonlocalNames.includes(name)) {
    for (let scope = local.parent; scope; scope = scope.parent) {
      if (scope.kind === 'function' && scope.names.has(name)) return scope;
    }
  }
  return local;
}

export function assignTarget(machine: Machine, frame: Frame, target: Expression, value: Value): void {
  switch (target.kind) {
    case 'name':
      // A comprehension's own names stay in its scope; only a walrus reaches out of it.
      if (frame.outerScope) frame.scope.names.set(target.name, value);
      else assignName(frame, target.name, value);
      return;
    case 'attribute':
      setAttribute(
        machine,
        evaluate(machine, frame, target.object),
        target.attribute.name,
        value,
        spanOf(frame, target),
      );
      return;
    case 'index': {
      const object = evaluate(machine, frame, target.object);
      setItem(machine, object, evaluate(machine, frame, target.index), value, spanOf(frame, target));
      return;
    }
    case 'tuple':
    case 'list':
      unpack(machine, frame, target.items, value, target);
      return;
    case 'star':
      assignTarget(machine, frame, target.value, value);
      return;
    case 'error':
      if (target.child) assignTarget(machine, frame, target.child, value);
      return;
    default:
      return;
  }
}

function unpack(machine: Machine, frame: Frame, targets: readonly Expression[], value: Value, node: Expression): void {
  const items = value.kind === 'unknown' ? undefined : iterate(machine, value);
  const star = targets.findIndex((target) => target.kind === 'star');
  const fits = items && (star < 0 ? items.length === targets.length : items.length >= targets.length - 1);
  if (!items || !fits) {
    const reason: Value =
      value.kind === 'unknown'
        ? value
        : items
          ? machine.fail('ValueError', `${items.length} values for ${targets.length} names`, spanOf(frame, node))
          : makeUnknown('values to unpack are not known', spanOf(frame, node));
    for (const target of targets) assignTarget(machine, frame, target, reason);
    return;
  }
  const behind = targets.length - star - 1;
  for (const [index, target] of targets.entries()) {
    if (index === star) {
      assignTarget(machine, frame, target, makeList(items.slice(star, items.length - behind)));
      continue;
    }
    const item = items[star >= 0 && index > star ? items.length - (targets.length - index) : index];
    if (item) assignTarget(machine, frame, target, item);
  }
}

export function deleteName(frame: Frame, name: string): void {
  forgetName(scopeFor(frame, name), name);
}

export function deleteTarget(machine: Machine, frame: Frame, target: Expression): void {
  switch (target.kind) {
    case 'name':
      forgetName(scopeFor(frame, target.name), target.name);
      return;
    case 'attribute':
      deleteAttribute(machine, evaluate(machine, frame, target.object), target.attribute.name, spanOf(frame, target));
      return;
    case 'index': {
      const object = evaluate(machine, frame, target.object);
      deleteItem(machine, object, evaluate(machine, frame, target.index), spanOf(frame, target));
      return;
    }
    case 'tuple':
    case 'list':
      for (const item of target.items) deleteTarget(machine, frame, item);
      return;
    default:
      return;
  }
}

function forgetName(scope: Scope, name: string): void {
  scope.names.delete(name);
  scope.deferred?.drop(name);
}
