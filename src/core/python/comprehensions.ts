import { iteratorClass } from './builtinClasses';
import { evaluate, spanOf } from './expressions';
import { iteratorOf } from './iteration';
import type { Frame, Machine } from './machine';
import { makeDict, makeList, makeSet, makeUnknown, none, setEntry } from './make';
import { IteratorPart } from './payload';
import type { ComprehensionClause, ComprehensionExpression } from './syntax';
import { assignTarget } from './targets';
import { truthOf } from './truth';
import type { InstanceValue, Scope, UnknownValue, Value } from './values';

export function makeIterator(part: IteratorPart): InstanceValue {
  return { kind: 'instance', class: iteratorClass, attributes: new Map(), payload: part, made: [] };
}

/** Generators with one `for` are evaluated as their elements are asked for, others at once, within the same bounds as lists. */
export function evaluateComprehension(machine: Machine, frame: Frame, node: ComprehensionExpression): Value {
  const run = new ComprehensionRun(machine, comprehensionFrame(frame), node);
  const [first, ...others] = node.clauses;
  if (node.form === 'generator' && first?.kind === 'for' && others.every(({ kind }) => kind === 'if')) {
    return run.onDemand(first);
  }
  run.round(0);
  if (run.problem) return run.problem;
  switch (node.form) {
    case 'list':
      return makeList(run.items);
    case 'set':
      return makeSet(run.items);
    case 'generator': {
      const { items } = run;
      return makeIterator(new IteratorPart((index) => items[index]));
    }
    case 'dict': {
      const dict = makeDict();
      for (const [index, key] of run.keys.entries()) {
        const value = run.items[index];
        if (value && !setEntry(dict, key, value)) return makeUnknown('mapping with unknown keys', spanOf(frame, node));
      }
      return dict;
    }
  }
}

/** A scope of its own; in a class body the class's names are seen as they are now. */
function comprehensionFrame(frame: Frame): Frame {
  const isInClass = frame.scope.kind === 'class';
  const scope: Scope = {
    kind: 'function',
    names: isInClass ? new Map(frame.scope.names) : new Map(),
    parent: isInClass ? frame.scope.parent : frame.scope,
  };
  return { ...frame, scope, outerScope: frame.outerScope ?? frame.scope };
}

class ComprehensionRun {
  readonly items: Value[] = [];
  readonly keys: Value[] = [];
  problem: UnknownValue | undefined;

  constructor(
    private readonly machine: Machine,
    private readonly frame: Frame,
    private readonly node: ComprehensionExpression,
  ) {}

  round(index: number): void {
    const clause = this.node.clauses[index];
    if (!clause) this.#take();
    else if (clause.kind === 'if') this.#filter(clause, index);
    else this.#loop(clause, index);
  }

  /** An iterator over what the only loop gives: each element is evaluated when it is asked for, in the place of the expression. */
  onDemand(loop: Extract<ComprehensionClause, { kind: 'for' }>): Value {
    const { machine, frame, items } = this;
    const source = this.#open(loop);
    if (!source) return this.problem ?? this.#unknown(none, loop.iterable);
    const { frame: caller, site } = machine;
    const pull = (): Value | undefined => {
      const { frame: frameBefore, site: siteBefore } = machine;
      machine.frame = caller;
      machine.site = site;
      try {
        for (let item = source.next(); item && machine.step(); item = source.next()) {
          assignTarget(machine, frame, loop.target, item);
          this.round(1);
          const taken = items.pop();
          if (taken) return taken;
        }
        return undefined;
      } finally {
        machine.frame = frameBefore;
        machine.site = siteBefore;
      }
    };
    return makeIterator(new IteratorPart(pull, undefined, source.isInfinite));
  }

  #take(): void {
    const { machine, frame, node } = this;
    if (this.items.length >= machine.budget.size) {
      this.problem = machine.unknown(`more than ${machine.budget.size} elements`, spanOf(frame, node));
      return;
    }
    if (node.key) this.keys.push(evaluate(machine, frame, node.key));
    this.items.push(evaluate(machine, frame, node.element));
  }

  /** An element of which is not known whether it is wanted is kept, and that is recorded as an assumption: as the body of an `if`. */
  #filter(clause: Extract<ComprehensionClause, { kind: 'if' }>, index: number): void {
    const { machine, frame } = this;
    const truth = truthOf(machine, evaluate(machine, frame, clause.test));
    if (truth === undefined) {
      machine.undecided++;
      machine.assume('condition', 'true', spanOf(frame, clause.test));
    }
    if (truth ?? true) this.round(index + 1);
  }

  #loop(clause: Extract<ComprehensionClause, { kind: 'for' }>, index: number): void {
    const { machine, frame } = this;
    const iterator = this.#open(clause);
    if (iterator?.isInfinite) this.problem = machine.unknown('elements are not known', spanOf(frame, clause.iterable));
    if (!iterator || this.problem) return;
    for (let item = iterator.next(); item; item = iterator.next()) {
      if (!machine.step()) this.problem = machine.exhaustedValue(spanOf(frame, clause));
      if (this.problem) return;
      assignTarget(machine, frame, clause.target, item);
      this.round(index + 1);
    }
  }

  #open(clause: Extract<ComprehensionClause, { kind: 'for' }>): IteratorPart | undefined {
    const iterable = evaluate(this.machine, this.frame, clause.iterable);
    const iterator = iteratorOf(this.machine, iterable);
    if (iterator && !iterator.sample) return iterator;
    this.problem = this.#unknown(iterable, clause.iterable);
    return undefined;
  }

  #unknown(value: Value, place: { readonly start: number; readonly end: number }): UnknownValue {
    if (value.kind === 'unknown') return value;
    return this.machine.unknown('elements are not known', spanOf(this.frame, place));
  }
}
