import { xavierNormal, xavierUniform, zeros } from '../../../network/initialisers';
import type { Shape } from '../../../network/network';
import { addDims } from '../../../network/shapes';
import { makeBool, makeTuple, none } from '../../../python/make';
import { addNode, addUnknown } from '../../tensor/trace';
import type { TorchCall } from '../call';
import { constructDerivedChild } from '../children';
import type { Layer, LayerEntry } from '../layer';

/** PyTorch 2.13 `nn/modules/activation.py`, `MultiheadAttention`: xavier_uniform on the whole in_proj, zero biases, default out_proj weight. */
export const attentionLayers: readonly LayerEntry[] = [
  {
    name: 'MultiheadAttention',
    signature:
      'embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None, vdim=None, batch_first=False, device=None, dtype=None',
    build: buildAttention,
    forwardSignature:
      'query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, average_attn_weights=True, is_causal=False',
    forward: applyAttention,
  },
];

function buildAttention(layer: Layer): void {
  const features = layer.int('embed_dim');
  const keyFeatures = layer.int('kdim') ?? features;
  const valueFeatures = layer.int('vdim') ?? features;
  const hasBias = layer.flag('bias') !== false;
  const isOneMatrix = keyFeatures === features && valueFeatures === features;
  const xavier = (rows: number | undefined, columns: number | undefined) =>
    xavierUniform({ fanIn: columns ?? Number.NaN, fanOut: rows ?? Number.NaN });
  if (isOneMatrix) {
    const rows = features === undefined ? undefined : 3 * features;
    layer.parameter('in_proj_weight', [rows, features], xavier(rows, features), 'xavier_uniform_');
  } else {
    layer.parameter('q_proj_weight', [features, features], xavier(features, features), 'xavier_uniform_');
    layer.parameter('k_proj_weight', [features, keyFeatures], xavier(features, keyFeatures), 'xavier_uniform_');
    layer.parameter('v_proj_weight', [features, valueFeatures], xavier(features, valueFeatures), 'xavier_uniform_');
  }
  if (hasBias) layer.parameter('in_proj_bias', [features === undefined ? undefined : 3 * features], zeros, 'zeros');
  else layer.withoutParameter('in_proj_bias');
  layer.instance.attributes.delete('bias');
  if (layer.flag('add_bias_kv')) {
    const distribution = xavierNormal({ fanIn: features ?? Number.NaN, fanOut: features ?? Number.NaN });
    layer.parameter('bias_k', [1, 1, features], distribution, 'xavier_normal_');
    layer.parameter('bias_v', [1, 1, features], distribution, 'xavier_normal_');
  }
  const size = layer.get('embed_dim') ?? none;
  const name = 'torch.nn.modules.linear.NonDynamicallyQuantizableLinear';
  const projection = constructDerivedChild(layer, 'out_proj', name, 'Linear', [size, size, makeBool(hasBias)]);
  if (hasBias) projection?.parameter('bias', [features], zeros, 'zeros');
}

/** Gives (output, averaged weights); the weights are not followed. */
function applyAttention(layer: Layer, call: TorchCall) {
  const { state } = layer;
  const query = call.tensor('query');
  const key = call.tensor('key');
  const value = call.tensor('value');
  const features = layer.int('embed_dim');
  const heads = layer.int('num_heads');
  if (!query || !key || !value || features === undefined || heads === undefined) return undefined;
  const projection = layer.get('out_proj');
  const attribute = (name: string) => (projection?.kind === 'instance' ? projection.attributes.get(name) : undefined);
  const uses = [
    ...['in_proj_weight', 'q_proj_weight', 'k_proj_weight', 'v_proj_weight', 'in_proj_bias'].flatMap((role) =>
      state.use(role, layer.get(role)),
    ),
    ...state.use('out_proj.weight', attribute('weight')),
    ...state.use('out_proj.bias', attribute('bias')),
  ];
  if (call.has('attn_mask') && !call.has('is_causal')) call.context.assume('attention mask', 'causal');
  const output = addNode(
    state.session,
    {
      kind: 'multiheadAttention',
      features,
      heads,
      keyFeatures: layer.int('kdim') ?? features,
      valueFeatures: layer.int('vdim') ?? features,
      dropout: layer.number('dropout') ?? 0,
      batchFirst: layer.flag('batch_first') ?? false,
      isCausal: call.flag('is_causal') === true || call.has('attn_mask'),
    },
    [query, key, value],
    query.shape,
    call.site(),
    uses,
  );
  if (call.flag('need_weights') === false) return makeTuple([state.tensorValue(output), none]);
  const shape = weightsShape(layer, call, query.shape, key.shape);
  const reason = 'the attention weights are not followed';
  const weights = state.lazyTensor(shape, () => addUnknown(state.session, reason, [query, key], shape, call.site()));
  return makeTuple([state.tensorValue(output), weights]);
}

/** [N, target, source] averaged over the heads, or [N, heads, target, source]. */
function weightsShape(layer: Layer, call: TorchCall, query: Shape, key: Shape): Shape {
  if (!query || !key) return undefined;
  const isBatched = query.length === 3;
  const [batchAxis, timeAxis] = isBatched && layer.flag('batch_first') ? [0, 1] : [1, 0];
  const extra = (layer.flag('add_bias_kv') ? 1 : 0) + (layer.flag('add_zero_attn') ? 1 : 0);
  const heads = call.flag('average_attn_weights') === false ? [layer.int('num_heads')] : [];
  const batch = isBatched ? [query[batchAxis]] : [];
  return [...batch, ...heads, query[timeAxis], addDims(key[timeAxis], extra)];
}
