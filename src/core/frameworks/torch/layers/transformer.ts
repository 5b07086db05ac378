import { xavierUniform } from '../../../network/initialisers';
import { falseValue, makeFloat, none, trueValue } from '../../../python/make';
import type { InstanceValue, Value } from '../../../python/values';
import type { TorchCall } from '../call';
import { constructLayerChild, constructList } from '../children';
import { copyModule } from '../copyModule';
import { constantTensor } from '../functions/arithmetic';
import type { Layer, LayerEntry } from '../layer';
import { namedParameters } from '../moduleTree';
import { activate } from '../operations/activation';

const layerSignature =
  "d_model, nhead, dim_feedforward=2048, dropout=0.1, activation='relu', layer_norm_eps=1e-05, batch_first=False, norm_first=False, bias=True, device=None, dtype=None";

/** PyTorch 2.13 `nn/modules/transformer.py`, made of its real submodules. */
export const transformerLayers: readonly LayerEntry[] = [
  {
    name: 'TransformerEncoderLayer',
    signature: layerSignature,
    build: (layer) => buildLayer(layer, ['self_attn'], 2),
    forwardSignature: 'src, src_mask=None, src_key_padding_mask=None, is_causal=False',
    forward: (layer, call) => {
      const source = call.value('src');
      if (!source) return undefined;
      const mask = { attn_mask: call.value('src_mask'), is_causal: call.value('is_causal') };
      return runSublayers(layer, source, [
        (x) => apply(layer, 'dropout1', attend(layer, 'self_attn', x, x, mask)),
        (x) => feedForward(layer, x, 'dropout2', call),
      ]);
    },
  },
  {
    name: 'TransformerDecoderLayer',
    signature: layerSignature,
    build: (layer) => buildLayer(layer, ['self_attn', 'multihead_attn'], 3),
    forwardSignature:
      'tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None, tgt_is_causal=False, memory_is_causal=False',
    forward: (layer, call) => {
      const target = call.value('tgt');
      const memory = call.value('memory');
      if (!target || !memory) return undefined;
      const mask = { attn_mask: call.value('tgt_mask'), is_causal: call.value('tgt_is_causal') };
      const memoryMask = { attn_mask: call.value('memory_mask'), is_causal: call.value('memory_is_causal') };
      return runSublayers(layer, target, [
        (x) => apply(layer, 'dropout1', attend(layer, 'self_attn', x, x, mask)),
        (x) => apply(layer, 'dropout2', attend(layer, 'multihead_attn', x, memory, memoryMask)),
        (x) => feedForward(layer, x, 'dropout3', call),
      ]);
    },
  },
  stack('TransformerEncoder', 'encoder_layer', 'src, mask=None, src_key_padding_mask=None, is_causal=None', (call) => ({
    first: call.value('src'),
    rest: [],
    named: { src_mask: call.value('mask'), is_causal: call.value('is_causal') },
  })),
  stack(
    'TransformerDecoder',
    'decoder_layer',
    'tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None, tgt_is_causal=None, memory_is_causal=False',
    (call) => ({
      first: call.value('tgt'),
      rest: [call.value('memory') ?? none],
      named: { tgt_mask: call.value('tgt_mask'), tgt_is_causal: call.value('tgt_is_causal') },
    }),
  ),
  {
    name: 'Transformer',
    signature:
      "d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1, activation='relu', custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-05, batch_first=False, norm_first=False, bias=True, device=None, dtype=None",
    build: buildTransformer,
    forwardSignature:
      'src, tgt, src_mask=None, tgt_mask=None, memory_mask=None, src_key_padding_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None, src_is_causal=None, tgt_is_causal=None, memory_is_causal=False',
    forward: (layer, call) => {
      const source = call.value('src');
      const target = call.value('tgt');
      const encoder = layer.get('encoder');
      const decoder = layer.get('decoder');
      if (!source || !target || !encoder || !decoder) return undefined;
      const memory = layer.context.call(encoder, [source], given({ mask: call.value('src_mask') }));
      return layer.context.call(decoder, [target, memory], given({ tgt_mask: call.value('tgt_mask') }));
    },
    statics: {
      generate_square_subsequent_mask: {
        signature: 'sz, device=None, dtype=None',
        call: (call) => constantTensor(call.state, [call.int('sz'), call.int('sz')], undefined, call.site()),
      },
    },
  },
];

function buildLayer(layer: Layer, attentions: readonly string[], norms: number): void {
  const width = layer.get('d_model') ?? none;
  const inner = layer.get('dim_feedforward') ?? none;
  const bias = layer.get('bias') ?? trueValue;
  const rate = layer.get('dropout') ?? makeFloat(0.1);
  layer.instance.attributes.delete('bias');
  layer.instance.attributes.delete('dropout');
  for (const attention of attentions) {
    constructLayerChild(layer, attention, 'MultiheadAttention', [width, layer.get('nhead') ?? none], {
      dropout: rate,
      bias,
      batch_first: layer.get('batch_first') ?? falseValue,
    });
  }
  constructLayerChild(layer, 'linear1', 'Linear', [width, inner, bias]);
  constructLayerChild(layer, 'dropout', 'Dropout', [rate]);
  constructLayerChild(layer, 'linear2', 'Linear', [inner, width, bias]);
  const eps = layer.get('layer_norm_eps') ?? makeFloat(1e-5);
  for (let index = 1; index <= norms; index++) {
    constructLayerChild(layer, `norm${index}`, 'LayerNorm', [width], { eps, bias });
  }
  for (let index = 1; index <= norms; index++) constructLayerChild(layer, `dropout${index}`, 'Dropout', [rate]);
}

function buildTransformer(layer: Layer): void {
  const named: Record<string, Value> = {};
  for (const name of [
    'dim_feedforward',
    'dropout',
    'activation',
    'layer_norm_eps',
    'batch_first',
    'norm_first',
    'bias',
  ]) {
    const value = layer.get(name);
    if (value) named[name] = value;
  }
  const width = layer.get('d_model') ?? none;
  for (const [attribute, kind] of [
    ['encoder', 'Encoder'],
    ['decoder', 'Decoder'],
  ] as const) {
    const template = `template_${attribute}`;
    constructLayerChild(layer, template, `Transformer${kind}Layer`, [width, layer.get('nhead') ?? none], named);
    constructLayerChild(layer, 'norm', 'LayerNorm', [width], {
      eps: named.layer_norm_eps ?? none,
      bias: named.bias ?? trueValue,
    });
    constructLayerChild(layer, attribute, `Transformer${kind}`, [
      layer.get(template) ?? none,
      layer.get(`num_${attribute}_layers`) ?? none,
      layer.get('norm') ?? none,
    ]);
    layer.instance.attributes.delete(template);
    layer.instance.attributes.delete('norm');
  }
  layer.instance.attributes.delete('bias');
  for (const { id } of namedParameters(layer.state, layer.instance)) {
    const { shape } = layer.state.tracer.parameter(id);
    const [rows, columns] = shape;
    if (rows === undefined || columns === undefined) continue;
    const distribution = xavierUniform({ fanIn: columns, fanOut: rows });
    layer.state.tracer.setInitialiser(id, { distribution, scheme: 'xavier_uniform_', isDefault: true });
  }
}

/** Adds each sublayer to its input, with the norm before it or after the sum. */
function runSublayers(layer: Layer, input: Value, sublayers: readonly ((x: Value) => Value)[]): Value {
  const isNormFirst = layer.flag('norm_first') ?? false;
  return sublayers.reduce<Value>((x, sublayer, index) => {
    const norm = `norm${index + 1}`;
    if (isNormFirst) return layer.context.binary('+', x, sublayer(apply(layer, norm, x)));
    return apply(layer, norm, layer.context.binary('+', x, sublayer(x)));
  }, input);
}

function attend(
  layer: Layer,
  attention: string,
  query: Value,
  memory: Value,
  mask: Readonly<Record<string, Value | undefined>>,
): Value {
  const child = layer.get(attention) ?? none;
  const result = layer.context.call(child, [query, memory, memory], given({ ...mask, need_weights: falseValue }));
  return result.kind === 'tuple' ? (result.items[0] ?? result) : result;
}

function feedForward(layer: Layer, input: Value, dropout: string, call: TorchCall): Value {
  const inner = apply(layer, 'linear1', input);
  const activation = layer.get('activation');
  const { state, context } = layer;
  const tensor = state.tensorOf(inner);
  let activated = inner;
  if (activation?.kind === 'str' && tensor) {
    const site = {
      trail: call.context.trail,
      name: activation.value,
      label: activation.value,
      made: layer.instance.made,
    };
    const name = `torch.nn.functional.${activation.value}`;
    activated = state.tensorValue(activate(state, name, [], () => undefined, tensor, site));
  } else if (activation && activation.kind !== 'str') {
    activated = context.call(activation, [inner]);
  }
  return apply(layer, dropout, apply(layer, 'linear2', apply(layer, 'dropout', activated)));
}

function apply(layer: Layer, attribute: string, input: Value): Value {
  return layer.context.call(layer.get(attribute) ?? none, [input]);
}

function stack(
  name: string,
  layerArgument: string,
  forwardSignature: string,
  read: (call: TorchCall) => {
    readonly first: Value | undefined;
    readonly rest: readonly Value[];
    readonly named: Readonly<Record<string, Value | undefined>>;
  },
): LayerEntry {
  return {
    name,
    signature: `${layerArgument}, num_layers, norm=None, enable_nested_tensor=True, mask_check=True`,
    build: (layer) => {
      const template = layer.get(layerArgument);
      const count = Math.min(layer.int('num_layers') ?? 0, 256);
      const norm = layer.get('norm');
      layer.instance.attributes.delete(layerArgument);
      layer.instance.attributes.delete('norm');
      const { state } = layer;
      const copies = state.isModule(template) ? Array.from({ length: count }, () => copyModule(state, template)) : [];
      constructList(layer, 'layers', copies);
      if (norm) layer.set('norm', norm);
    },
    forwardSignature,
    forward: (layer, call) => {
      const { first, rest, named } = read(call);
      const list = layer.get('layers');
      if (!first || list?.kind !== 'instance') return undefined;
      const layers = [...list.attributes.values()].filter((value): value is InstanceValue =>
        layer.state.isModule(value),
      );
      const output = layers.reduce<Value>((x, child) => layer.context.call(child, [x, ...rest], given(named)), first);
      const norm = layer.get('norm');
      return layer.state.isModule(norm) ? layer.context.call(norm, [output]) : output;
    },
  };
}

function given(named: Readonly<Record<string, Value | undefined>>): ReadonlyMap<string, Value> {
  const entries = Object.entries(named).filter((entry): entry is [string, Value] => entry[1] !== undefined);
  return new Map(entries.filter(([, value]) => value.kind !== 'none'));
}
