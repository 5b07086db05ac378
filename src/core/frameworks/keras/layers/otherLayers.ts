import { greater, where, z } from '../../../activations/construct';
import { convolvedSize, withSpatialSizes } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { addExpression } from '../../tensor/elementwise';
import type { LayerCall, LayerType, LayerTypes } from '../layerCall';

/** Layers that hold another framework's network (Keras 3.15.1, layers and utils), and layers that Keras 2 had (2.15). */
export const otherLayers: LayerTypes = {
  FlaxLayer: foreign('Flax'),
  JaxLayer: foreign('JAX'),
  TFSMLayer: foreign('a saved model'),
  TorchModuleWrapper: foreign('PyTorch'),
  ThresholdedReLU: {
    signature: 'theta=1.0',
    call: (call) => {
      const theta = call.number('theta');
      if (!call.input || theta === undefined) return undefined;
      return addExpression(call.session, where(greater(z, theta), z, 0), [call.input], call.input.shape, call.site());
    },
  },
  LocallyConnected1D: locallyConnected(1),
  LocallyConnected2D: locallyConnected(2),
};

function foreign(framework: string): LayerType {
  return {
    signature: '*args',
    call: (call) => call.unknown(`${call.label} runs ${framework}, which is not read from here`, undefined),
  };
}

/** A convolution whose kernel differs from position to position: its weights and shapes. */
function locallyConnected(rank: 1 | 2): LayerType {
  return {
    signature:
      "filters, kernel_size, strides=1, padding='valid', data_format=None, activation=None, use_bias=True, kernel_initializer='glorot_uniform', bias_initializer='zeros'",
    call: (call) => applyLocally(call, rank),
  };
}

function applyLocally(call: LayerCall, rank: 1 | 2): TracedTensor | undefined {
  const { input } = call;
  const filters = call.int('filters');
  const kernel = call.perAxis('kernel_size', rank);
  const stride = call.perAxis('strides', rank);
  if (!input?.shape || filters === undefined || !kernel || !stride) return undefined;
  const channelAxis = rank + 1;
  const channels = call.sizeOf(input, channelAxis);
  const shape = withSpatialSizes(input.shape, rank, channelAxis, filters, (size, axis) =>
    convolvedSize(size, kernel[axis] ?? 1, stride[axis] ?? 1, { before: 0, after: 0 }, 1),
  );
  const positions = shape?.slice(1, -1);
  if (channels === undefined || !positions?.every((size) => typeof size === 'number')) {
    return call.unknown(`the positions of ${call.own.name} are not known`, shape);
  }
  const count = positions.reduce((product, size) => product * size, 1);
  const window = kernel.reduce((product, size) => product * size, 1);
  const weight = call.weight({
    name: 'kernel',
    role: 'weight',
    shape: [count, window * channels, filters],
    argument: 'kernel_initializer',
  });
  const bias =
    call.flag('use_bias') === false
      ? []
      : [call.weight({ name: 'bias', role: 'bias', shape: [...positions, filters], argument: 'bias_initializer' })];
  const reason = 'a kernel that differs from position to position is not followed';
  return call.activated(call.add({ kind: 'unknown', reason }, [input], shape, [weight, ...bias]));
}
