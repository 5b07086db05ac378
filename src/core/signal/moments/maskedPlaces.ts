import type { NetworkNode } from '../../network/network';
import type { Field } from './field';
import { axisWeights, binCount, binsOf, type Layout } from './layout';
import { isMasked, maskedFrom, nodesOf } from './origins';
import { reshapedLayout } from './reshape';
import type { Call, Step } from './rule';

/** A constant that leaves out the places where it is far below zero, and is zero elsewhere, with the sum that adds it to the logits. */
interface Mask {
  readonly sum: NetworkNode;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Pairs that the mean over those of one distance is taken of. */
const pairs = 32;

/** A sum with a mask keeps the values that are masked, for the softmax behind it. */
export function withUnmasked(call: Call, step: Step | undefined, coefficients: readonly number[]): Step | undefined {
  const unmasked = call.inputs.find((_, index) => !maskAt(call.inputNodes[index]));
  const isMask = call.inputs.length === 2 && call.inputNodes.filter((node) => maskAt(node)).length === 1;
  if (!step || !unmasked || !isMask || coefficients.some((coefficient) => coefficient !== 1)) return step;
  return { ...step, output: { ...step.output, unmasked } };
}

/** The logits without their mask, and n² E[w w′] by bin for the shares w of n even ones of which the mask leaves some; undefined where that is not known. */
export function unmaskedLogits(
  call: Call,
  axis: number,
): { readonly field: Field; readonly position: number; readonly visible: Float64Array } | undefined {
  const [input] = call.inputs;
  const unmasked = input?.unmasked;
  const mask = maskBefore(call);
  const [atom, ...others] = input?.layout.axes[axis] ?? [];
  if (!mask || !input || !unmasked || atom?.kind !== 'position' || others.length > 0) return undefined;
  const { layout } = input;
  if (String(layout.extents) !== String(unmasked.layout.extents)) return undefined;
  const visible = visibleProducts(mask, layout, atom.index, call.batch);
  return visible && { field: { ...unmasked, layout }, position: atom.index, visible };
}

/** The only mask on the way, nothing but changes of shape behind it. */
function maskBefore({ node, network }: Call): Mask | undefined {
  const nodes = nodesOf(network);
  let sum = nodes.get(node.inputs[0] ?? -1);
  while (sum?.operation.kind === 'reshape' || sum?.operation.kind === 'identity') sum = nodes.get(sum.inputs[0] ?? -1);
  if (sum?.operation.kind !== 'sum') return undefined;
  for (const [index, id] of sum.inputs.entries()) {
    const mask = maskAt(nodes.get(id));
    const rest = sum.inputs.filter((_, other) => other !== index);
    if (mask && !isMasked({ node: { ...sum, inputs: rest }, network })) return { ...mask, sum };
  }
  return undefined;
}

function maskAt(node: NetworkNode | undefined): Omit<Mask, 'sum'> | undefined {
  if (node?.operation.kind !== 'constant') return undefined;
  const { values } = node.operation;
  const shape = node.outputShape?.filter((size) => typeof size === 'number');
  const isMask = values?.some((value) => value !== 0) && values.every((value) => value === 0 || value < -maskedFrom);
  return values && isMask && shape && shape.length === node.outputShape?.length ? { shape, values } : undefined;
}

/** An axis of the mask that is one of positions. */
interface Axis {
  readonly position: number;
  readonly size: number;
  readonly stride: number;
}

function visibleProducts(mask: Mask, layout: Layout, position: number, batch: number): Float64Array | undefined {
  const axes = axesOf(mask, layout, batch);
  const keys = axes?.find((axis) => axis.position === position);
  const shares = keys && sharesOf(mask.values, keys);
  if (!axes || !keys || !shares) return undefined;
  const table = productsByBin(shares, axes, keys);
  const strides = new Map(layout.extents.map((_, index) => [index, strideOf(layout.extents, index)]));
  return Float64Array.from({ length: binCount(layout) }, (_, bin) => {
    const own = axes.reduce((at, axis) => {
      const bins = binsOf(axis.size);
      return at * bins + (Math.floor(bin / (strides.get(axis.position) as number)) % bins);
    }, 0);
    return table[own] as number;
  });
}

function strideOf(extents: readonly number[], index: number): number {
  return extents.slice(index + 1).reduce((product, size) => product * binsOf(size), 1);
}

/** Undefined where an axis of the mask is not one of one position. */
function axesOf({ sum, shape }: Mask, layout: Layout, batch: number): readonly Axis[] | undefined {
  const whole = reshapedLayout(layout, sum.outputShape, batch);
  const axes: Axis[] = [];
  for (const [at, size] of shape.entries()) {
    if (size === 1) continue;
    const [atom, ...others] = whole?.axes[at + (whole?.axes.length ?? 0) - shape.length] ?? [];
    if (atom?.kind !== 'position' || others.length > 0 || layout.extents[atom.index] !== size) return undefined;
    axes.push({
      position: atom.index,
      size,
      stride: shape.slice(at + 1).reduce((product, own) => product * own, 1),
    });
  }
  return axes;
}

/** n times the share of each key where those that are left have even ones; undefined where none is. */
function sharesOf(values: readonly number[], { size, stride }: Axis): Float64Array | undefined {
  const shares = Float64Array.from(values, (value) => (value === 0 ? 1 : 0));
  for (let at = 0; at < shares.length; at++) {
    if (Math.floor(at / stride) % size > 0) continue;
    let count = 0;
    for (let key = 0; key < size; key++) count += shares[at + key * stride] as number;
    if (count === 0) return undefined;
    for (let key = 0; key < size; key++) {
      const place = at + key * stride;
      shares[place] = ((shares[place] as number) * size) / count;
    }
  }
  return shares;
}

/** Exact for pairs of keys of one query; else the mean over some pairs, scaled so that the shares of every two queries sum to one. */
function productsByBin(shares: Float64Array, axes: readonly Axis[], keys: Axis): Float64Array {
  const bins = axes.map(({ size }) => binsOf(size));
  const count = bins.reduce((product, own) => product * own, 1);
  const stride = bins.slice(axes.indexOf(keys) + 1).reduce((product, own) => product * own, 1);
  const keyBins = binsOf(keys.size);
  const weights = axisWeights(keys.size);
  const table = new Float64Array(count);
  const draw = uniformNumbers();
  for (let start = 0; start < count; start++) {
    if (Math.floor(start / stride) % keyBins > 0) continue;
    const own = start === 0 ? productsOfOneQuery(shares, keys) : undefined;
    let sum = 0;
    for (let bin = 0; bin < keyBins; bin++) {
      const at = start + bin * stride;
      table[at] = own ? (own[bin] as number) : productOfSome(shares, axes, placesOf(at, bins), draw);
      sum += (weights[bin] as number) * (table[at] as number);
    }
    for (let at = start; at < start + keyBins * stride; at += stride) {
      table[at] = sum > 0 ? (table[at] as number) / sum : 1;
    }
  }
  return table;
}

function placesOf(at: number, bins: readonly number[]): readonly number[] {
  let rest = at;
  return bins.map((_, axis) => {
    const stride = bins.slice(axis + 1).reduce((product, size) => product * size, 1);
    const place = Math.floor(rest / stride);
    rest -= place * stride;
    return place;
  });
}

function productsOfOneQuery(shares: Float64Array, { size, stride }: Axis): Float64Array {
  const bins = binsOf(size);
  const sums = new Float64Array(bins);
  const counts = new Float64Array(bins);
  for (let at = 0; at < shares.length; at++) {
    if (Math.floor(at / stride) % size > 0) continue;
    for (let first = 0; first < size; first++) {
      for (let second = first; second < size; second++) {
        const bin = Math.min(second - first, bins - 1);
        const product = (shares[at + first * stride] as number) * (shares[at + second * stride] as number);
        sums[bin] = (sums[bin] as number) + product;
        counts[bin] = (counts[bin] as number) + 1;
      }
    }
  }
  return sums.map((sum, bin) => sum / (counts[bin] as number));
}

/** The mean product of two places at a distance that is given by axis, of either sign. */
function productOfSome(
  shares: Float64Array,
  axes: readonly Axis[],
  distances: readonly number[],
  draw: () => number,
): number {
  let sum = 0;
  for (let pair = 0; pair < pairs; pair++) {
    let [first, second] = [0, 0];
    axes.forEach(({ size, stride }, axis) => {
      const bin = distances[axis] as number;
      const bins = binsOf(size);
      // The last bin holds all longer distances, of which there are fewer the longer they are.
      const longer = bin === bins - 1 ? Math.floor((size - bin) * (1 - Math.sqrt(draw()))) : 0;
      const distance = bin + longer;
      const low = Math.floor(draw() * (size - distance));
      const isTurned = draw() < 0.5;
      first += (isTurned ? low + distance : low) * stride;
      second += (isTurned ? low : low + distance) * stride;
    });
    sum += (shares[first] as number) * (shares[second] as number);
  }
  return sum / pairs;
}

/** The same numbers between zero and one each time (a linear congruential generator, Knuth's constants). */
function uniformNumbers(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
