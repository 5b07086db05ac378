import type { Padding } from '../../../network/network';
import { convolvedSize, samePadding, withSpatialSizes } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { bindArguments } from '../../../python/arguments';
import { makeNative } from '../../../python/nativeClass';
import type { CallContext, NativeFunctionValue, Value } from '../../../python/values';
import { LayerArguments } from '../../layerArguments';
import { tensorOf } from '../../numpy/arrays';
import { addNode, addUnknown } from '../../tensor/trace';
import type { FlaxState } from '../flaxState';

const signature = "inputs, window_shape, strides=None, padding='VALID', count_include_pad=True";
const none: Padding = { before: 0, after: 0 };

/** `max_pool` and `avg_pool`, channels last: flax 0.12.8, linen/pooling.py. */
export function poolingFunctions(state: () => FlaxState): ReadonlyMap<string, NativeFunctionValue> {
  const pooling = (name: string, variant: 'max' | 'average') =>
    makeNative(`flax.linen.${name}`, (args, context) => {
      const bound = bindArguments(signature, args, context);
      if (!(bound instanceof Map)) return bound;
      return poolWith(state(), name, variant, new LayerArguments(signature, bound, args, context), context);
    });
  return new Map([
    ['max_pool', pooling('max_pool', 'max')],
    ['avg_pool', pooling('avg_pool', 'average')],
  ]);
}

function poolWith(
  state: FlaxState,
  name: string,
  variant: 'max' | 'average',
  call: LayerArguments,
  context: CallContext,
): Value {
  const value = call.value('inputs');
  const input = tensorOf(value);
  if (!input) return value?.kind === 'unknown' ? value : context.unknown(`${name} of something that is no array`);
  const site = { trail: context.trail, name, label: name };
  const kernel = call.numbers('window_shape');
  const rank = kernel?.length;
  const stride = call.isNone('strides') ? kernel?.map(() => 1) : call.perAxis('strides', rank ?? 0);
  const padding = kernel && stride && paddingOf(call, input, kernel, stride);
  if (!kernel || !stride || !padding || (rank !== 1 && rank !== 2 && rank !== 3)) {
    const reason = `the window of ${name} is not known`;
    return state.tensorValue(addUnknown(state.session, reason, [input], undefined, site));
  }
  const channelAxis = rank + 1;
  const shape = withSpatialSizes(input.shape, rank, channelAxis, input.shape?.[channelAxis], (size, index) =>
    convolvedSize(size, kernel[index] ?? 1, stride[index] ?? 1, padding[index] ?? none, 1),
  );
  const operation = { kind: 'pooling', variant, rank, kernel, stride, padding, channelAxis } as const;
  return state.tensorValue(addNode(state.session, operation, [input], shape, site));
}

/** XLA's own paddings go by any case, those that Flax adds do not (jax 0.10.2, `lax.padtype_to_pads`; flax 0.12.8, linear.py). */
export function paddingName(text: string | undefined): string | undefined {
  const name = text?.toUpperCase();
  return name === 'SAME' || name === 'VALID' ? name : text;
}

function paddingOf(
  call: LayerArguments,
  input: TracedTensor,
  kernel: readonly number[],
  stride: readonly number[],
): readonly Padding[] | undefined {
  const name = paddingName(call.text('padding'));
  if (name === 'VALID') return kernel.map(() => none);
  if (name === 'SAME') {
    return kernel.map((size, axis) => samePadding(input.shape?.[axis + 1], size, stride[axis] ?? 1, 1));
  }
  const value = call.value('padding');
  const pairs = value && call.context.iterate(value)?.map((item) => call.context.iterate(item) ?? []);
  const sides = pairs?.flatMap(([before, after]): Padding[] =>
    before?.kind === 'int' && after?.kind === 'int' ? [{ before: before.value, after: after.value }] : [],
  );
  return sides?.length === kernel.length ? sides : undefined;
}
