import { makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import type { TorchCall } from '../call';
import type { TensorPayload } from '../state';
import { constantTensor } from './arithmetic';
import type { TensorFunction } from './entry';

interface Fold {
  readonly of: (values: readonly number[]) => number;
  /** What the result is, where it is not what the elements are. */
  readonly gives?: 'integer' | 'boolean' | 'real';
}

const add = (sum: number, value: number) => sum + value;
const indexOf = (values: readonly number[], value: number) => values.indexOf(value);

const folds: Readonly<Record<string, Fold>> = {
  sum: { of: (values) => values.reduce(add, 0) },
  prod: { of: (values) => values.reduce((product, value) => product * value, 1) },
  mean: { of: (values) => values.reduce(add, 0) / values.length, gives: 'real' },
  max: { of: (values) => Math.max(...values) },
  amax: { of: (values) => Math.max(...values) },
  min: { of: (values) => Math.min(...values) },
  amin: { of: (values) => Math.min(...values) },
  argmax: { of: (values) => indexOf(values, Math.max(...values)), gives: 'integer' },
  argmin: { of: (values) => indexOf(values, Math.min(...values)), gives: 'integer' },
  count_nonzero: { of: (values) => values.filter((value) => value !== 0).length, gives: 'integer' },
  any: { of: (values) => Number(values.some((value) => value !== 0)), gives: 'boolean' },
  all: { of: (values) => Number(values.every((value) => value !== 0)), gives: 'boolean' },
};

/** Functions of which the result is worked out where every element is known: widths and depths computed with tensors. */
export function withKnownValues(functions: readonly TensorFunction[]): readonly TensorFunction[] {
  return functions.map((entry) => {
    const fold = Object.hasOwn(folds, entry.name) ? folds[entry.name] : undefined;
    if (fold) return { ...entry, call: (call) => folded(call, fold) ?? entry.call(call) };
    if (entry.name === 'flip') return { ...entry, call: (call) => reversed(call) ?? entry.call(call) };
    return entry;
  });
}

/** Of one axis, which is the only one that can be named. */
function reversed(call: TorchCall): Value | undefined {
  const payload = call.payload('input');
  const values = payload?.facts.values;
  if (!payload || !values || payload.shape?.length !== 1) return undefined;
  const isInteger = payload.facts.isInteger === true;
  return constantTensor(call.state, payload.shape, values.toReversed(), call.site(), { isInteger });
}

/** Over all elements; with an axis `max` and `min` give indices too, which the entry itself does. */
function folded(call: TorchCall, fold: Fold): Value | undefined {
  const payload = call.payload('input');
  const values = payload?.facts.values;
  if (!payload || !values || values.length === 0 || call.has('dim') || call.has('axis')) return undefined;
  const isInteger = fold.gives === undefined ? payload.facts.isInteger === true : fold.gives === 'integer';
  const isBoolean = fold.gives === 'boolean';
  return constantTensor(call.state, [], [fold.of(values)], call.site(), { isInteger, isBoolean });
}

/** `unique` of known elements, in ascending order, with where each element went and how often it was there where that is asked for. */
export function distinctConstants(call: TorchCall): Value | undefined {
  const payload = call.payload('input');
  const values = call.has('dim') ? undefined : payload?.facts.values;
  if (!payload || !values) return undefined;
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  const constant = (shape: TensorPayload['shape'], elements: readonly number[], isInteger: boolean) =>
    constantTensor(call.state, shape, elements, call.site(), { isInteger });
  const results = [constant([distinct.length], distinct, payload.facts.isInteger === true)];
  if (call.flag('return_inverse')) {
    const places = values.map((value) => distinct.indexOf(value));
    results.push(constant(payload.shape, places, true));
  }
  if (call.flag('return_counts')) {
    const counts = distinct.map((value) => values.filter((other) => other === value).length);
    results.push(constant([distinct.length], counts, true));
  }
  return results.length === 1 ? results[0] : makeTuple(results);
}
