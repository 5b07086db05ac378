import { evaluate, spanOf } from './expressions';
import { freshGenerator, type GeneratorPart, GeneratorStop } from './generators';
import { iteratorOf } from './iteration';
import type { Frame, Machine } from './machine';
import { makeUnknown, none } from './make';
import { type Completion, executeBlock } from './statements';
import type { Expression, ForStatement, Statement, WhileStatement } from './syntax';
import { assignTarget } from './targets';
import { truthOf } from './truth';
import type { Value } from './values';

/**
 * How far a loop is followed:
 * - one round stands for all where the number of rounds is unknown, and where a round took a training step, unless the elements are
 *   written out;
 * - after `unwatchedRounds`, a loop that computes tensors without constructing anything (training by hand) is left, unless it visits the
 *   objects of a list (`model.modules()`, `named_parameters()`); inside a model's forward (layers, steps of a sequence) only a `while` is
 *   left, after `forwardRounds`: a `for` there ends with what it goes through;
 * - no loop runs more rounds than the budget's size.
 * Where a loop is left early, numbers that its body assigned are unknown afterwards.
 */
const unwatchedRounds = 64;
const forwardRounds = 1024;
const forwardNames: ReadonlySet<string> = new Set(['forward', 'call', '__call__']);

class LoopWatch {
  #rounds = 0;
  #limit = 0;
  readonly #trainingSteps: number;
  readonly #constructions: number;
  readonly #nativeResults: number;

  constructor(
    private readonly machine: Machine,
    /** Inside a model's forward. */
    private readonly longest: number,
  ) {
    this.#trainingSteps = machine.trainingSteps;
    this.#constructions = machine.constructions;
    this.#nativeResults = machine.nativeResults;
  }

  get rounds(): number {
    return this.#rounds;
  }

  /** Why the loop is to be left after this round, if so. */
  afterRound(): 'training' | 'repetition' | 'budget' | undefined {
    this.#rounds++;
    const { machine } = this;
    if (machine.isExhausted) return 'budget';
    if (machine.trainingSteps > this.#trainingSteps) return 'training';
    if (this.#rounds > machine.budget.size) return 'budget';
    if (
      this.#isLong() &&
      machine.constructions === this.#constructions &&
      machine.nativeResults - this.#nativeResults >= unwatchedRounds
    ) {
      return 'repetition';
    }
    return undefined;
  }

  #isLong(): boolean {
    if (this.#rounds < unwatchedRounds) return false;
    this.#limit ||= isInForward(this.machine.frame) ? this.longest : unwatchedRounds;
    return this.#rounds >= this.#limit;
  }
}

function isInForward(innermost: Frame | undefined): boolean {
  for (let frame = innermost; frame; frame = frame.caller)
    if (forwardNames.has(frame.function?.name ?? '')) return true;
  return false;
}

export function executeFor(machine: Machine, frame: Frame, node: ForStatement): Completion {
  const iterable = evaluate(machine, frame, node.iterable);
  const generator = freshGenerator(iterable);
  if (generator) return executeForGenerator(machine, frame, node, generator);
  const iterator = iteratorOf(machine, iterable);
  if (!iterator) {
    const element =
      iterable.kind === 'unknown'
        ? iterable
        : makeUnknown('element of something unknown', spanOf(frame, node.iterable));
    return runOnce(machine, frame, node, element);
  }
  const watch = new LoopWatch(machine, machine.budget.size + 1);
  const isVisiting = listsObjects(iterable);
  for (let item = iterator.next(); item; item = iterator.next()) {
    assignTarget(machine, frame, node.target, item);
    const completion = executeBlock(machine, frame, node.body);
    if (completion === 'return') return completion;
    if (completion === 'break') return 'normal';
    const reason = watch.afterRound();
    // A list written out in the source is short, and its elements differ: models that are trained in turn.
    const isWrittenOut = node.iterable.kind === 'tuple' || node.iterable.kind === 'list';
    if (!reason || (reason === 'training' && isWrittenOut) || (reason === 'repetition' && isVisiting)) continue;
    leaveEarly(machine, frame, node, reason, watch.rounds);
    return 'normal';
  }
  if (iterator.sample) return runOnce(machine, frame, node, iterator.sample);
  return executeBlock(machine, frame, node.otherwise);
}

/** The loop's body runs at each `yield`; what leaves the loop unwinds the generator. */
function executeForGenerator(machine: Machine, frame: Frame, node: ForStatement, generator: GeneratorPart): Completion {
  const watch = new LoopWatch(machine, forwardRounds);
  let left: Completion | 'early' | undefined;
  let raised: unknown;
  const stop = new GeneratorStop();
  const takeRound = (item: Value): void => {
    assignTarget(machine, frame, node.target, item);
    const completion = executeBlock(machine, frame, node.body);
    if (completion === 'return' || completion === 'break') left = completion;
    const reason = left ? undefined : watch.afterRound();
    if (!reason) return;
    leaveEarly(machine, frame, node, reason, watch.rounds);
    left = 'early';
  };
  const { tryDepth } = machine;
  try {
    generator.run((item) => {
      const { frame: inner, site, tryDepth: depth } = machine;
      Object.assign(machine, { frame, tryDepth });
      try {
        if (!left) takeRound(item);
      } catch (error) {
        raised = error;
        left = 'early';
      }
      Object.assign(machine, { frame: inner, site, tryDepth: depth });
      if (left) throw stop;
      return none;
    });
  } catch (error) {
    if (error !== stop) throw error;
  }
  if (raised) throw raised;
  if (left === 'return') return left;
  return left ? 'normal' : executeBlock(machine, frame, node.otherwise);
}

/** A list of objects, or of tuples that name them: each round is about another one. */
function listsObjects(iterable: Value): boolean {
  const [first] = iterable.kind === 'list' || iterable.kind === 'tuple' ? iterable.items : [];
  const parts = first?.kind === 'tuple' ? first.items : [first];
  return parts.some((part) => part?.kind === 'instance');
}

function runOnce(machine: Machine, frame: Frame, node: ForStatement, element: Value): Completion {
  assignTarget(machine, frame, node.target, element);
  machine.assume('rounds of the loop', '1', spanOf(frame, node.iterable));
  const completion = executeBlock(machine, frame, node.body);
  forgetNumbers(frame, node.body);
  return completion === 'return' ? completion : 'normal';
}

export function executeWhile(machine: Machine, frame: Frame, node: WhileStatement): Completion {
  const watch = new LoopWatch(machine, forwardRounds);
  for (;;) {
    const truth = truthOf(machine, evaluate(machine, frame, node.test));
    if (truth === false) return executeBlock(machine, frame, node.otherwise);
    const { undecided } = machine;
    const completion = executeBlock(machine, frame, node.body);
    if (completion === 'return') return completion;
    if (completion === 'break') return 'normal';
    if (truth === undefined) machine.assume('rounds of the loop', '1', spanOf(frame, node.test));
    const isUnending = node.test.kind === 'constant' || node.test.kind === 'number';
    // A way out that hangs on something unknown may have been missed.
    const mayHaveLeft = isUnending && machine.undecided > undecided;
    const reason = truth === undefined || mayHaveLeft ? 'unknown' : watch.afterRound();
    // A generator without an end is read a few elements deep.
    const isEndless = isUnending && (frame.yields?.length ?? 0) >= unwatchedRounds;
    if (!reason && !isEndless) continue;
    leaveEarly(machine, frame, node, reason ?? 'unknown', watch.rounds);
    return 'normal';
  }
}

function leaveEarly(
  machine: Machine,
  frame: Frame,
  node: ForStatement | WhileStatement,
  reason: 'training' | 'repetition' | 'budget' | 'unknown',
  rounds: number,
): void {
  if (reason === 'training') return;
  if (reason === 'budget' && !machine.isExhausted) {
    machine.unknown(`loop is not followed beyond ${machine.budget.size} rounds`, spanOf(frame, loopHead(node)));
  }
  if (reason === 'repetition') machine.assume('rounds of the loop', String(rounds), spanOf(frame, loopHead(node)));
  forgetNumbers(frame, node.body);
}

function loopHead(node: ForStatement | WhileStatement): Expression {
  return node.kind === 'for' ? node.iterable : node.test;
}

/** Counters and sums of a loop that was not followed to its end are not what they were after the last round seen. */
function forgetNumbers(frame: Frame, body: readonly Statement[]): void {
  for (const statement of body) {
    switch (statement.kind) {
      case 'augmented':
        forget(frame, statement.target, statement);
        break;
      case 'assign':
        for (const target of statement.targets) if (refersTo(statement.value, target)) forget(frame, target, statement);
        break;
      case 'if':
        forgetNumbers(frame, statement.body);
        forgetNumbers(frame, statement.otherwise);
        break;
      case 'with':
      case 'for':
      case 'while':
        forgetNumbers(frame, statement.body);
        break;
      default:
        break;
    }
  }
}

function forget(frame: Frame, target: Expression, place: { readonly start: number; readonly end: number }): void {
  if (target.kind !== 'name') return;
  const value = frame.scope.names.get(target.name);
  if (value?.kind !== 'int' && value?.kind !== 'float' && value?.kind !== 'str') return;
  frame.scope.names.set(
    target.name,
    makeUnknown('changes in a loop that is not followed to its end', spanOf(frame, place)),
  );
}

function refersTo(value: Expression, target: Expression): boolean {
  if (target.kind !== 'name') return false;
  if (value.kind === 'name') return value.name === target.name;
  if (value.kind === 'binary') return refersTo(value.left, target) || refersTo(value.right, target);
  return value.kind === 'unary' && refersTo(value.operand, target);
}
