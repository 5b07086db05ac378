import type { Dim } from '../../../network/network';
import { makeBool, makeInt, makeList, makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import type { TorchCall } from '../call';
import { constructLayerChild } from '../children';
import { shaped } from '../functions/shapeRule';
import type { Layer, LayerEntry } from '../layer';
import { linear } from '../operations/linear';
import { applyLoss, lossOperation } from '../operations/loss';

/** Losses with layers of their own, PyTorch 2.13 `nn/modules/{adaptive,loss}.py`. */
export const adaptiveLayers: readonly LayerEntry[] = [
  {
    name: 'AdaptiveLogSoftmaxWithLoss',
    signature: 'in_features, n_classes, cutoffs, div_value=4.0, head_bias=False, device=None, dtype=None',
    build: buildAdaptive,
    forwardSignature: 'input_, target_',
    forward: (layer, call) => {
      const input = call.tensor('input_');
      if (!input) return undefined;
      const logits = headOf(layer, input, call);
      const target = call.tensor('target_');
      if (!logits) return undefined;
      const losses = applyLoss(
        layer.state,
        { kind: 'loss', loss: 'unknown', reduction: 'mean' },
        target ? [logits, target] : [logits],
        call.site(),
      );
      const output = shaped(call, target?.shape);
      return output && makeTuple([output, layer.state.tensorValue(losses)]);
    },
    methods: {
      log_prob: { signature: 'input', call: (layer, call) => shaped(call, perSample(call, layer.int('n_classes'))) },
      predict: { signature: 'input', call: (_layer, call) => shaped(call, perSample(call), 'integers') },
    },
  },
  {
    name: 'LinearCrossEntropyLoss',
    signature:
      "in_features, num_classes, out_features=(), bias=False, device=None, dtype=None, reduction='mean', weight=None, ignore_index=-100, label_smoothing=0.0, options=None",
    build: (layer) => {
      const classes = layer.int('num_classes');
      const more = layer.ints('out_features');
      const outputs = more?.reduce<number | undefined>((product, size) => product && product * size, classes);
      const bias = layer.get('bias') ?? makeBool(false);
      layer.instance.attributes.delete('bias');
      const features = layer.get('in_features');
      if (outputs !== undefined && features)
        constructLayerChild(layer, 'linear', 'Linear', [features, makeInt(outputs), bias]);
      const operation = lossOperation('crossEntropyLogits', layer);
      layer.state.session.lossDeclared({ operation, trail: layer.instance.made, model: undefined });
    },
    forwardSignature: 'input, target',
    forward: (layer, call) => {
      const projection = layer.get('linear');
      const logits = projection && layer.context.call(projection, [call.value('input') ?? { kind: 'none' }]);
      const tensors = [layer.state.tensorOf(logits), call.tensor('target')].filter((tensor) => tensor !== undefined);
      if (tensors.length < 2) return undefined;
      const operation = lossOperation('crossEntropyLogits', layer);
      return layer.result(applyLoss(layer.state, operation, tensors, call.site()));
    },
  },
];

/** A head over the commonest classes and one entry for each cluster of the others, of which each has a narrower projection. */
function buildAdaptive(layer: Layer): void {
  const features = layer.int('in_features');
  const classes = layer.int('n_classes');
  const cutoffs = layer.ints('cutoffs');
  const divisor = layer.number('div_value') ?? 4;
  if (features === undefined || classes === undefined || !cutoffs || cutoffs.length === 0) return;
  const bounds = [...cutoffs, classes];
  const clusters = cutoffs.length;
  const { context } = layer;
  const make = (name: string, ...args: Value[]): Value =>
    context.call(context.getAttribute(layer.state.torchFunction('nn'), name), args);
  const linearOf = (inputs: number, outputs: number, bias: Value) =>
    make('Linear', makeInt(inputs), makeInt(outputs), bias);
  layer.set('head', linearOf(features, (cutoffs[0] ?? 0) + clusters, layer.get('head_bias') ?? makeBool(false)));
  const tail = Array.from({ length: clusters }, (_, index) => {
    const hidden = Math.floor(features / divisor ** (index + 1));
    const size = (bounds[index + 1] ?? 0) - (bounds[index] ?? 0);
    return make('Sequential', linearOf(features, hidden, makeBool(false)), linearOf(hidden, size, makeBool(false)));
  });
  layer.set('tail', make('ModuleList', makeList(tail)));
}

function headOf(layer: Layer, input: NonNullable<ReturnType<TorchCall['tensor']>>, call: TorchCall) {
  const head = layer.get('head');
  const attribute = (name: string) => (head?.kind === 'instance' ? head.attributes.get(name) : undefined);
  return linear(layer.state, input, attribute('weight'), attribute('bias'), call.site());
}

function perSample(call: TorchCall, classes?: Dim): readonly Dim[] | undefined {
  const shape = call.payload('input')?.shape;
  return shape && [shape[0], ...(classes === undefined ? [] : [classes])];
}
