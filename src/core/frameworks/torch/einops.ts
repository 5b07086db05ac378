import type { Dim } from '../../network/network';
import { multiplyDims } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import { makeList, makeStr, makeTuple } from '../../python/make';
import type { ClassValue, Value } from '../../python/values';
import { applyPattern } from '../tensor/axisPattern';
import type { ReductionVariant } from '../tensor/combining';
import { dimOf, shapeValue } from '../tensor/dimValues';
import { concat, reshapeTo, split, stack } from '../tensor/rearranging';
import { type NativeFunction, nativeFunction, sizesOf, type TorchCall } from './call';
import { type Layer, type LayerEntry, layerClass } from './layer';
import type { TorchState } from './state';

const reductions: Readonly<Record<string, ReductionVariant>> = { mean: 'mean', sum: 'sum', max: 'max', min: 'min' };

/** Functions of einops 0.8 on PyTorch tensors. */
const functions: readonly NativeFunction[] = [
  {
    name: 'einops.rearrange',
    signature: 'tensor, pattern',
    call: (call) => rearrange(call, givenSizes(call.args.values)),
  },
  {
    name: 'einops.repeat',
    signature: 'tensor, pattern',
    call: (call) => rearrange(call, givenSizes(call.args.values)),
  },
  {
    name: 'einops.reduce',
    signature: 'tensor, pattern, reduction',
    call: (call) => rearrange(call, givenSizes(call.args.values), call.text('reduction')),
  },
  { name: 'einops.pack', signature: 'tensors, pattern', call: pack },
  { name: 'einops.unpack', signature: 'tensor, packed_shapes, pattern', call: unpack },
];

/** Layers of `einops.layers.torch`. */
const layers: readonly LayerEntry[] = [
  { name: 'Rearrange', signature: 'pattern', forward: (layer, call) => applyLayer(layer, call) },
  {
    name: 'Reduce',
    signature: 'pattern, reduction',
    forward: (layer, call) => applyLayer(layer, call, layer.text('reduction')),
  },
];

/** Names of `einops` and `einops.layers.torch`; `einsum` is torch's, with words for letters. */
export function einopsModules(
  state: () => TorchState,
  base: ClassValue,
  einsum: (equation: Value, tensors: readonly Value[], call: TorchCall) => Value,
): ReadonlyMap<string, Map<string, Value>> {
  const named: NativeFunction = {
    name: 'einops.einsum',
    signature: '*args',
    call: (call) => {
      const pattern = call.args.rest.at(-1);
      if (pattern?.kind !== 'str') return undefined;
      return einsum(makeStr(lettersFor(pattern.value)), call.args.rest.slice(0, -1), call);
    },
  };
  const top = [...functions, named].map(
    (entry) => [entry.name.slice('einops.'.length), nativeFunction(state, entry)] as const,
  );
  return new Map([
    ['einops', new Map<string, Value>(top)],
    ['einops.layers', new Map()],
    ['einops.layers.torch', new Map(layers.map((entry) => [entry.name, layerClass(state, entry, base)]))],
  ]);
}

function rearrange(call: TorchCall, sizes: ReadonlyMap<string, Dim>, reduction?: string): Value | undefined {
  const input = inputOf(call);
  const pattern = call.text('pattern');
  if (!input || pattern === undefined) return undefined;
  const variant = reduction === undefined ? undefined : reductions[reduction];
  const result = applyPattern(call.state.session, input, pattern, sizes, variant, call.site());
  const isConstant = call.payload('tensor')?.facts.isConstant;
  return result && call.state.tensorValue(result, isConstant ? { isConstant } : undefined);
}

/** A list of tensors is stacked along a new first axis. */
function inputOf(call: TorchCall): TracedTensor | undefined {
  const value = call.value('tensor');
  if (value?.kind !== 'list' && value?.kind !== 'tuple') return call.tensor('tensor');
  const tensors = value.items.flatMap((item) => call.state.tensorOf(item) ?? []);
  return tensors.length > 0 && tensors.length === value.items.length
    ? stack(call.state.session, tensors, 0, call.site())
    : undefined;
}

function applyLayer(layer: Layer, call: TorchCall, reduction?: string): Value | undefined {
  const input = call.tensor('input');
  const pattern = layer.text('pattern');
  if (!input || pattern === undefined) return undefined;
  const names = new Set(pattern.match(/[A-Za-z_]\w*/g));
  const sizes = givenSizes(new Map([...layer.instance.attributes].filter(([name]) => names.has(name))));
  const variant = reduction === undefined ? undefined : reductions[reduction];
  return call.result(applyPattern(layer.state.session, input, pattern, sizes, variant, call.site()));
}

function givenSizes(values: ReadonlyMap<string, Value>): ReadonlyMap<string, Dim> {
  const sizes = new Map<string, Dim>();
  for (const [name, value] of values) {
    if (value.kind === 'int') sizes.set(name, dimOf(value));
  }
  return sizes;
}

/** How many axes stand before and after the star: `b * d` → 1, 1. */
function aroundStar(pattern: string | undefined): readonly [number, number] | undefined {
  const parts = pattern?.trim().split(/\s+/) ?? [];
  const at = parts.indexOf('*');
  return at < 0 ? undefined : [at, parts.length - at - 1];
}

function pack(call: TorchCall): Value | undefined {
  const around = aroundStar(call.text('pattern'));
  const items = call.value('tensors');
  const values = items && call.context.iterate(items);
  const tensors = values?.flatMap((value) => call.state.tensorOf(value) ?? []);
  if (!around || !values || !tensors || tensors.length < values.length || tensors.length === 0) return undefined;
  const [before, after] = around;
  const packed: Value[] = [];
  const flat: TracedTensor[] = [];
  for (const tensor of tensors) {
    const { shape } = tensor;
    if (!shape || shape.length < before + after) return undefined;
    const end = shape.length - after;
    const inner = shape.slice(before, end);
    packed.push(shapeValue(inner, call.state.batchSize));
    const size = inner.reduce<Dim>(multiplyDims, 1);
    flat.push(
      reshapeTo(call.state.session, tensor, [...shape.slice(0, before), size, ...shape.slice(end)], call.site()),
    );
  }
  const joined = concat(call.state.session, flat, before, call.site());
  return makeTuple([call.state.tensorValue(joined), makeList(packed)]);
}

function unpack(call: TorchCall): Value | undefined {
  const around = aroundStar(call.text('pattern'));
  const input = call.tensor('tensor');
  const list = call.value('packed_shapes');
  const shapes = list && call.context.iterate(list)?.map(sizesOf);
  const { shape } = input ?? {};
  if (!around || !input || !shape || !shapes) return undefined;
  const [axis] = around;
  const total = shape[axis];
  if (shapes.length === 1 && shapes[0]) {
    const whole = [...shape.slice(0, axis), ...shapes[0], ...shape.slice(axis + 1)];
    return makeList([call.state.tensorValue(reshapeTo(call.state.session, input, whole, call.site()))]);
  }
  const sizes = shapes.map((inner) => inner?.reduce<Dim>(multiplyDims, 1)).filter((size) => typeof size === 'number');
  if (sizes.length < shapes.length || typeof total !== 'number') return undefined;
  const pieces = split(call.state.session, input, sizes, axis, call.site());
  return makeList(
    pieces.map((piece, index) => {
      const whole = [...shape.slice(0, axis), ...(shapes[index] ?? []), ...shape.slice(axis + 1)];
      return call.state.tensorValue(reshapeTo(call.state.session, piece, whole, call.site()));
    }),
  );
}

/** `batch i, batch j -> i j` → `ab,ac->bc`. */
function lettersFor(pattern: string): string {
  const letters = new Map<string, string>();
  return pattern
    .replace(/\w+/g, (name) => {
      const letter = letters.get(name) ?? String.fromCharCode(97 + letters.size);
      letters.set(name, letter);
      return letter;
    })
    .replaceAll(' ', '');
}
