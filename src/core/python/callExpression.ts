import type { Span } from '../span';
import { callWith } from './calls';
import { evaluate, spanOf } from './expressions';
import { iterate } from './iteration';
import { CallSite, type Frame, type Machine } from './machine';
import { unwrap } from './payload';
import type { Argument, CallExpression } from './syntax';
import type { CallArguments, UnknownValue, Value } from './values';

/** Methods that end one round of training; a loop that has seen one need not be followed further. */
const trainingStepNames = new Set([
  'backward',
  'zero_grad',
  'step',
  'apply_gradients',
  'train_on_batch',
  'train_step',
  'minimize',
]);

/** Methods that use gradients or clear them: those that later losses leave do not add to those before. */
const gradientRoundNames = new Set(['zero_grad', 'step', 'minimize']);

/** What functions are called that take a step of training by hand. */
const handwrittenStep = /^((l_)?model_)?back(ward|_?prop)|^update_(param|weight)|^gradient_descent/i;

function isTrainingStep({ callee }: CallExpression): boolean {
  const name = callee.kind === 'attribute' ? callee.attribute.name : callee.kind === 'name' ? callee.name : '';
  return (callee.kind === 'attribute' && trainingStepNames.has(name)) || handwrittenStep.test(name);
}

const noNames: ReadonlyMap<string, Value> = new Map();
const noSpans: ReadonlyMap<string, Span> = new Map();

export function evaluateCall(machine: Machine, frame: Frame, node: CallExpression): Value {
  const callee = evaluate(machine, frame, node.callee);
  const args = evaluateArguments(machine, frame, node.arguments);
  if (isTrainingStep(node)) machine.trainingSteps++;
  if (node.callee.kind === 'attribute' && gradientRoundNames.has(node.callee.attribute.name)) machine.gradientRounds++;
  if (callee.kind === 'unknown') return callee;
  return callWith(machine, callee, args, new CallSite(spanOf(frame, node), machine.site));
}

export function evaluateArguments(machine: Machine, frame: Frame, nodes: readonly Argument[]): CallArguments {
  const positional: Value[] = [];
  const positionalSpans: (Span | undefined)[] = [];
  let named: Map<string, Value> | undefined;
  let namedSpans: Map<string, Span> | undefined;
  let rest: UnknownValue | undefined;
  for (const node of nodes) {
    const value = evaluate(machine, frame, node.value);
    const span = spanOf(frame, node.value);
    if (node.star === '*') {
      const items = iterate(machine, value);
      if (items) {
        for (const item of items) {
          positional.push(item);
          positionalSpans.push(span);
        }
      } else {
        rest = hiddenArguments(machine, value, span);
      }
    } else if (node.star === '**') {
      const mapping = unwrap(value);
      if (mapping.kind === 'dict') {
        named ??= new Map();
        namedSpans ??= new Map();
        for (const entry of mapping.entries.values()) {
          if (entry.key.kind !== 'str') continue;
          named.set(entry.key.value, entry.value);
          namedSpans.set(entry.key.value, span);
        }
      } else {
        rest = hiddenArguments(machine, value, span);
      }
    } else if (node.name) {
      named ??= new Map();
      namedSpans ??= new Map();
      named.set(node.name.name, value);
      namedSpans.set(node.name.name, span);
    } else {
      positional.push(value);
      positionalSpans.push(span);
    }
  }
  return { positional, named: named ?? noNames, positionalSpans, namedSpans: namedSpans ?? noSpans, rest };
}

/** Parameters with a default keep it; that is an assumption. */
function hiddenArguments(machine: Machine, value: Value, span: Span): UnknownValue {
  machine.assume('unpacked arguments', 'nothing but defaults', span);
  return value.kind === 'unknown' ? value : machine.unknown('arguments to unpack are not known', span);
}
