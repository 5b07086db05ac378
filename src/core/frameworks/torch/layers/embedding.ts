import { normal, unknownDistribution } from '../../../network/initialisers';
import { makeInt } from '../../../python/make';
import type { Value } from '../../../python/values';
import { reduce } from '../../tensor/combining';
import type { TorchCall } from '../call';
import { distributionOf } from '../functions/initialisation';
import type { Layer, LayerEntry } from '../layer';
import { bagShape, embed } from '../operations/embedding';

const tail = 'padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False, _weight=None';

/** PyTorch 2.13 `nn/modules/sparse.py`: weights N(0, 1). The zero row of `padding_idx` is left out of account. */
export const embeddingLayers: readonly LayerEntry[] = [
  {
    name: 'Embedding',
    signature: `num_embeddings, embedding_dim, ${tail}, _freeze=False, device=None, dtype=None`,
    build: buildEmbedding,
    forward: (layer, call) => {
      const input = call.tensor('input');
      return input && layer.result(embed(layer.state, input, layer.get('weight'), call.site()));
    },
    statics: {
      from_pretrained: {
        signature: 'embeddings, freeze=True, *rest',
        call: (call) => fromPretrained(call, 'Embedding'),
      },
    },
  },
  {
    name: 'EmbeddingBag',
    signature: "num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode='mean'",
    build: buildEmbedding,
    forwardSignature: 'input, offsets=None, per_sample_weights=None',
    forward: (layer, call) => {
      const input = call.tensor('input');
      if (!input) return undefined;
      const mode = layer.text('mode');
      const features = layer.int('embedding_dim');
      if (
        input.shape?.length !== 2 ||
        call.has('per_sample_weights') ||
        (mode !== 'mean' && mode !== 'sum' && mode !== 'max')
      ) {
        return call.unknown('bags of unequal length are not followed', bagShape(call, features));
      }
      const rows = embed(layer.state, input, layer.get('weight'), call.site());
      return rows && layer.result(reduce(layer.state.session, mode, rows, [1], false, call.site()));
    },
    statics: {
      from_pretrained: {
        signature: 'embeddings, freeze=True, *rest',
        call: (call) => fromPretrained(call, 'EmbeddingBag'),
      },
    },
  },
];

/** A layer of the given table; it is trained only where it is not frozen. */
function fromPretrained(call: TorchCall, name: string): Value | undefined {
  const payload = call.payload('embeddings');
  const [count, features] = payload?.shape ?? [];
  const known = call.state.layer(name);
  if (!payload || typeof count !== 'number' || typeof features !== 'number' || !known) return undefined;
  const layer = call.context.call(known.class, [makeInt(count), makeInt(features)]);
  const weight = layer.kind === 'instance' ? layer.attributes.get('weight') : undefined;
  const id = call.state.parameterOf(weight);
  if (id === undefined) return layer;
  const distribution = distributionOf(call, payload) ?? unknownDistribution('the embeddings are given');
  call.state.tracer.setInitialiser(id, { distribution, scheme: 'from_pretrained', isDefault: false });
  if (call.flag('freeze') !== false) call.state.tracer.setTrainable(id, false);
  return layer;
}

function buildEmbedding(layer: Layer): void {
  layer.parameter('weight', [layer.int('num_embeddings'), layer.int('embedding_dim')], normal(0, 1), 'normal_(0, 1)');
}
