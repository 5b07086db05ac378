import { makeInt, makeList, makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import { type ArrayCall, type ArrayFunctions, shapeOf, tensorOf } from '../../numpy/arrays';
import { numberOf } from '../../tensor/dimValues';
import { stack, unbind } from '../../tensor/rearranging';

/** Most rounds of a loop, or rows of a map, that are followed one by one. */
const maximumRounds = 64;

/** `keras.ops` that call functions (Keras 3.15.1, ops/core.py). */
export const controlOperations: ArrayFunctions = {
  cond: {
    signature: 'pred, true_fn, false_fn',
    call: (call) => chosen(call, call.value('true_fn'), call.value('false_fn')),
  },
  switch: {
    signature: 'index, branches, *operands',
    call: (call) => {
      const branches = call.value('branches');
      const index = call.number('index');
      const branch = branches && index !== undefined ? call.context.iterate(branches)?.[index] : undefined;
      return branch && call.context.call(branch, call.args.rest);
    },
  },
  fori_loop: {
    signature: 'lower, upper, body_fun, init_val',
    call: (call) => {
      const lower = call.number('lower');
      const upper = call.number('upper');
      const body = call.value('body_fun');
      let state = call.value('init_val');
      if (lower === undefined || upper === undefined || !body || !state || upper - lower > maximumRounds)
        return undefined;
      for (let index = lower; index < upper; index++) state = call.context.call(body, [makeInt(index), state]);
      return state;
    },
  },
  while_loop: { signature: 'cond, body, loop_vars, maximum_iterations=None', call: looped },
  map: { signature: 'f, xs', call: mapped },
  map_fn: { signature: 'f, xs', call: mapped },
  vectorized_map: { signature: 'f, xs', call: mapped },
  scan: { signature: 'f, init, xs=None, length=None', call: scanned },
  associative_scan: {
    signature: 'f, x',
    call: (call) => call.first && call.unknown('associative_scan is not followed', shapeOf(call.first)),
  },
  vectorize: { signature: 'f', call: (call) => call.value('f') ?? call.value('pyfunc') },
  custom_gradient: { signature: 'f', call: (call) => call.value('f') },
};

/** Where it is not known which branch runs, the first is taken, as an `if` would be. */
function chosen(call: ArrayCall, whenTrue: Value | undefined, whenFalse: Value | undefined): Value | undefined {
  const condition = call.value('pred');
  const truth = condition && call.context.truth(condition);
  if (truth === undefined) call.context.assume('condition', 'true');
  const branch = truth === false ? whenFalse : whenTrue;
  return branch && call.context.call(branch, []);
}

function looped(call: ArrayCall): Value | undefined {
  const condition = call.value('cond');
  const body = call.value('body');
  const given = call.value('loop_vars');
  const items = given && call.context.iterate(given);
  if (!condition || !body || !given) return undefined;
  const isSequence = given.kind === 'tuple' || given.kind === 'list';
  let state: readonly Value[] = isSequence && items ? items : [given];
  for (let round = 0; round < maximumRounds; round++) {
    const goesOn = call.context.truth(call.context.call(condition, state));
    if (goesOn === undefined) return undefined;
    if (!goesOn) return isSequence ? makeTuple(state) : state[0];
    const next = call.context.call(body, state);
    state = isSequence ? (call.context.iterate(next) ?? [next]) : [next];
  }
  return undefined;
}

/** The rows of a tensor, or of several in step. */
function rowsOf(call: ArrayCall, xs: Value): readonly Value[] | undefined {
  const tensor = tensorOf(xs);
  if (tensor) {
    const count = tensor.shape?.[0];
    if (typeof count !== 'number' || count > maximumRounds) return undefined;
    return unbind(call.session, tensor, 0, call.site)?.map((row) => call.result(row));
  }
  const parts = call.context.iterate(xs)?.map((part) => rowsOf(call, part));
  const [first] = parts ?? [];
  if (!first || !parts?.every((rows) => rows?.length === first.length)) return undefined;
  return first.map((_, index) => makeTuple(parts.flatMap((rows) => rows?.[index] ?? [])));
}

function stacked(call: ArrayCall, results: readonly Value[]): Value | undefined {
  const [first] = results;
  if (first?.kind === 'tuple' || first?.kind === 'list') {
    const columns = first.items.map((_, column) =>
      stacked(
        call,
        results.map((result) =>
          result.kind === 'tuple' || result.kind === 'list' ? (result.items[column] ?? result) : result,
        ),
      ),
    );
    return columns.every((column) => column !== undefined) ? makeTuple(columns) : undefined;
  }
  const tensors = results.map(tensorOf);
  if (tensors.length > 0 && tensors.every((tensor) => tensor !== undefined)) {
    return call.result(stack(call.session, tensors, 0, call.site));
  }
  return results.every((result) => result.kind === 'none' || numberOf(result) !== undefined)
    ? makeList([...results])
    : undefined;
}

function mapped(call: ArrayCall): Value | undefined {
  const body = call.value('f') ?? call.value('function') ?? call.value('fn');
  const xs = call.value('xs') ?? call.value('elements') ?? call.value('elems');
  const rows = xs && rowsOf(call, xs);
  if (!body || !rows) return undefined;
  return stacked(
    call,
    rows.map((row) => call.context.call(body, [row])),
  );
}

function scanned(call: ArrayCall): Value | undefined {
  const body = call.value('f');
  let carry = call.value('init');
  const xs = call.value('xs');
  const rows = xs && xs.kind !== 'none' ? rowsOf(call, xs) : undefined;
  const count = rows?.length ?? call.number('length');
  if (!body || !carry || count === undefined || count > maximumRounds) return undefined;
  const outputs: Value[] = [];
  for (let index = 0; index < count; index++) {
    const result = call.context.call(body, [carry, rows?.[index] ?? { kind: 'none' }]);
    const [next, output] = call.context.iterate(result) ?? [];
    if (!next || !output) return undefined;
    carry = next;
    outputs.push(output);
  }
  const ys = stacked(call, outputs);
  return ys && makeTuple([carry, ys]);
}
