import { transposedSize } from '../../../network/shapes';
import { makeInt, makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import { sizesOf, type TorchCall } from '../call';
import type { Layer, LayerEntry } from '../layer';
import { convolution, type SpatialRank } from '../operations/convolution';

const ranks: readonly SpatialRank[] = [1, 2, 3];
const tail = "groups=1, bias=True, padding_mode='zeros', device=None, dtype=None";
const plain = `kernel_size, stride=1, padding=0, dilation=1, ${tail}`;
const transposed =
  "kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None";

/** Convolutions, PyTorch 2.13 `nn/modules/conv.py`. */
export const convolutionLayers: readonly LayerEntry[] = ranks.flatMap((rank) => [
  convolutionLayer(`Conv${rank}d`, rank, false, `in_channels, out_channels, ${plain}`),
  convolutionLayer(`ConvTranspose${rank}d`, rank, true, `in_channels, out_channels, ${transposed}`),
  convolutionLayer(`LazyConv${rank}d`, rank, false, `out_channels, ${plain}`),
  convolutionLayer(`LazyConvTranspose${rank}d`, rank, true, `out_channels, ${transposed}`),
]);

function convolutionLayer(name: string, rank: SpatialRank, isTransposed: boolean, signature: string): LayerEntry {
  return {
    name,
    signature,
    build: (layer) => {
      for (const attribute of ['kernel_size', 'stride', 'dilation', 'output_padding']) layer.widen(attribute, rank);
      if (layer.get('padding')?.kind !== 'str') layer.widen('padding', rank);
      layer.set('transposed', { kind: 'bool', value: isTransposed });
      if (!name.startsWith('Lazy')) buildParameters(layer, rank, isTransposed);
    },
    forwardSignature: 'input, output_size=None',
    forward: (layer, call) => {
      const input = call.tensor('input');
      if (!input) return undefined;
      if (!layer.get('weight')) {
        const channels = input.shape?.[input.shape.length === rank + 1 ? 0 : 1];
        if (typeof channels === 'number') {
          layer.set('in_channels', { kind: 'int', value: channels });
          buildParameters(layer, rank, isTransposed);
        }
      }
      const request = {
        rank,
        isTransposed,
        weight: layer.get('weight'),
        bias: layer.get('bias'),
        stride: layer.get('stride'),
        padding: layer.get('padding'),
        dilation: layer.get('dilation'),
        outputPadding:
          isTransposed && call.has('output_size') ? missingPadding(layer, call, rank) : layer.get('output_padding'),
        groups: layer.int('groups'),
        paddingMode: layer.text('padding_mode') ?? 'zeros',
      };
      return layer.result(convolution(layer.state, input, request, call.site()));
    },
  };
}

/** What is to be added to the smallest size of a transposed convolution for the output to be as large as asked (`_output_padding`). */
function missingPadding(layer: Layer, call: TorchCall, rank: SpatialRank): Value | undefined {
  const wanted = call.value('output_size');
  const sizes = wanted && sizesOf(wanted)?.slice(-rank);
  const given = call.tensor('input')?.shape?.slice(-rank);
  const [kernel, stride, padding, dilation] = ['kernel_size', 'stride', 'padding', 'dilation'].map((name) =>
    layer.perAxis(name, rank),
  );
  const missing = sizes?.map((size, axis) => {
    const around = { before: padding?.[axis] ?? 0, after: padding?.[axis] ?? 0 };
    const least = transposedSize(
      given?.[axis],
      kernel?.[axis] ?? 1,
      stride?.[axis] ?? 1,
      around,
      dilation?.[axis] ?? 1,
      0,
    );
    return typeof size === 'number' && typeof least === 'number' ? makeInt(size - least) : undefined;
  });
  const known = missing?.filter((size) => size !== undefined);
  return known && known.length === rank ? makeTuple(known) : layer.get('output_padding');
}

/** "fan_in" is taken from weight.size(1), which for a transposed convolution holds the output channels. */
function buildParameters(layer: Layer, rank: SpatialRank, isTransposed: boolean): void {
  const inChannels = layer.int('in_channels');
  const outChannels = layer.int('out_channels');
  const groups = layer.int('groups');
  const kernel = layer.perAxis('kernel_size', rank) ?? Array.from({ length: rank }, () => undefined);
  const hasBias = layer.flag('bias');
  const [first, grouped] = isTransposed ? [inChannels, outChannels] : [outChannels, inChannels];
  const second = grouped === undefined || !groups ? undefined : Math.floor(grouped / groups);
  const shape = [first, second, ...kernel];
  const fanIn = shape
    .slice(1)
    .reduce((total, size) => (total === undefined || size === undefined ? undefined : total * size), 1);
  layer.fanInParameter('weight', shape, fanIn);
  if (hasBias !== false) layer.fanInParameter('bias', [outChannels], fanIn);
  else layer.withoutParameter('bias');
}
