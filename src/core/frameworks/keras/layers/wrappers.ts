import { unknownDistribution } from '../../../network/initialisers';
import { multiplyDims } from '../../../network/shapes';
import { dividedBySpectralNorm } from '../../../network/spectralNorm';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';
import { reshapeTo } from '../../tensor/rearranging';
import type { LayerCall, LayerTypes } from '../layerCall';
import { bidirectional } from './bidirectional';

/** Layers around other layers. Signatures: Keras 3.15.1. */
export const wrapperLayers: LayerTypes = {
  Bidirectional: { signature: "layer, merge_mode='concat', weights=None, backward_layer=None", call: bidirectional },
  TimeDistributed: { signature: 'layer', call: timeDistributed },
  SpectralNormalization: { signature: 'layer, power_iterations=1', call: spectralNormalisation },
  Pipeline: { signature: 'layers', call: pipeline },
  Wrapper: { signature: 'layer', call: (call) => wrapped(call) },
};

/** The wrapped layer applied under the wrapper's own name. */
function wrapped(call: LayerCall, input = call.input): Value | undefined {
  const layer = call.value('layer');
  if (!layer || !input) return undefined;
  if (call.own.inner.length === 0 && call.state.isLayer(layer)) call.own.inner.push(layer);
  return call.state.within(call.own.name, () => call.context.call(layer, [call.state.tensorValue(input)]));
}

/** The same layer at every step: directly where it works on the last axis, else over batch and steps together. */
function timeDistributed(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  if (!input?.shape) return undefined;
  const [batch, steps, ...sizes] = input.shape;
  const isPlain = sizes.length === 1 && typeof steps !== 'number';
  const folded = isPlain
    ? input
    : reshapeTo(call.session, input, [multiplyDims(batch, steps), ...sizes], call.site('merge'));
  const applied = tensorOf(wrapped(call, folded));
  if (!applied?.shape) return call.unknown('the layer at every step could not be followed', undefined);
  if (isPlain) return applied;
  return reshapeTo(call.session, applied, [batch, steps, ...applied.shape.slice(1)], call.site('split'));
}

/** The kernel divided by its largest singular value, estimated with a vector that is kept (Miyato et al. 2018, algorithm 1). */
function spectralNormalisation(call: LayerCall): Value | undefined {
  const layer = call.value('layer');
  const output = wrapped(call);
  if (!call.state.isLayer(layer)) return output;
  const { weights } = call.state.stateOf(layer);
  const kernel = weights.get('kernel') ?? weights.get('embeddings');
  if (kernel === undefined) return output;
  const { tracer } = call.session;
  const { shape, initialiser } = tracer.parameter(kernel);
  // Kernels are kept with their outputs first, tables with them last.
  const outputs = weights.has('kernel') ? shape[0] : shape.at(-1);
  call.weight({ name: 'vector_u', role: 'vector', shape: [1, outputs ?? 0], isTrainable: false });
  const rounds = call.int('power_iterations');
  const distribution =
    outputs === undefined || rounds === undefined
      ? unknownDistribution('how often the spectral norm is iterated is not known')
      : dividedBySpectralNorm(initialiser.distribution, shape, outputs, rounds);
  tracer.setInitialiser(kernel, { ...initialiser, distribution, scheme: 'SpectralNormalization' });
  return output;
}

function pipeline(call: LayerCall): Value | undefined {
  const layers = call.value('layers');
  const items = layers && call.context.iterate(layers);
  if (!items || !call.input) return undefined;
  let current: Value = call.state.tensorValue(call.input);
  for (const item of items) {
    if (call.state.isLayer(item) && !call.own.inner.includes(item)) call.own.inner.push(item);
    current = call.context.call(item, [current]);
  }
  return current;
}
