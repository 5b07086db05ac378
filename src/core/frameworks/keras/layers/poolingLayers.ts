import type { Padding } from '../../../network/network';
import { pooledSize, samePadding, withSpatialSizes } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { poolToSize } from '../../tensor/adaptivePooling';
import { reduce } from '../../tensor/combining';
import type { LayerCall, LayerType, LayerTypes } from '../layerCall';

type Rank = 1 | 2 | 3;
type Variant = 'max' | 'average';

/** Pooling. Signatures: Keras 3.15.1, layers/pooling. */
export const poolingLayers: LayerTypes = Object.fromEntries(
  ([1, 2, 3] as const).flatMap((rank): [string, LayerType][] => [
    [`MaxPooling${rank}D`, pooling('max', rank, [`MaxPool${rank}D`])],
    [`AveragePooling${rank}D`, pooling('average', rank, [`AvgPool${rank}D`])],
    [`GlobalMaxPooling${rank}D`, globalPooling('max', rank, [`GlobalMaxPool${rank}D`])],
    [`GlobalAveragePooling${rank}D`, globalPooling('average', rank, [`GlobalAvgPool${rank}D`])],
    [`AdaptiveMaxPooling${rank}D`, adaptivePooling('max', rank)],
    [`AdaptiveAveragePooling${rank}D`, adaptivePooling('average', rank)],
  ]),
);

function pooling(variant: Variant, rank: Rank, aliases: readonly string[]): LayerType {
  const size = variant === 'max' ? 'pool_size=2' : 'pool_size';
  return {
    signature: `${size}, strides=None, padding='valid', data_format=None, name=None`,
    aliases,
    call: (call) => pool(call, variant, rank),
  };
}

function pool(call: LayerCall, variant: Variant, rank: Rank): TracedTensor | undefined {
  const { input } = call;
  const kernel = call.perAxis('pool_size', rank);
  const stride = call.isNone('strides') ? kernel : call.perAxis('strides', rank);
  if (!input || !kernel || !stride) return undefined;
  if (input.shape && input.shape.length !== rank + 2) {
    call.problem(`${call.own.name} needs ${rank + 2} axes and gets ${input.shape.length}`);
    return call.unknown(`the input of ${call.own.name} does not have ${rank + 2} axes`, undefined);
  }
  const channelAxis = channelAxisOf(call, rank);
  const first = channelAxis === 1 ? 2 : 1;
  const isSame = call.text('padding')?.toLowerCase() === 'same';
  const padding = kernel.map((size, axis): Padding => {
    if (!isSame) return { before: 0, after: 0 };
    return samePadding(input.shape?.[first + axis], size, stride[axis] ?? 1, 1);
  });
  const channels = input.shape?.[channelAxis];
  const shape = withSpatialSizes(input.shape, rank, channelAxis, channels, (size, index) =>
    pooledSize(size, kernel[index] ?? 1, stride[index] ?? 1, padding[index] ?? { before: 0, after: 0 }, 1, false),
  );
  return call.add({ kind: 'pooling', variant, rank, kernel, stride, padding, channelAxis }, [input], shape);
}

function globalPooling(variant: Variant, rank: Rank, aliases: readonly string[]): LayerType {
  return {
    signature: 'data_format=None, keepdims=False',
    aliases,
    call: (call) => {
      if (!call.input) return undefined;
      const first = channelAxisOf(call, rank) === 1 ? 2 : 1;
      const axes = Array.from({ length: rank }, (_, index) => first + index);
      const reduction = variant === 'max' ? 'max' : 'mean';
      return reduce(call.session, reduction, call.input, axes, call.flag('keepdims') === true, call.site());
    },
  };
}

function adaptivePooling(variant: Variant, rank: Rank): LayerType {
  return {
    signature: 'output_size, data_format=None',
    call: (call) => {
      const outputSize = call.perAxis('output_size', rank);
      if (!call.input || !outputSize) return undefined;
      const channelAxis = channelAxisOf(call, rank);
      return poolToSize(call.session, call.input, { rank, variant, channelAxis, outputSize }, call.site());
    },
  };
}

function channelAxisOf(call: LayerCall, rank: Rank): number {
  return call.text('data_format') === 'channels_first' ? 1 : rank + 1;
}
