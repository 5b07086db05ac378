import type { NetworkNode } from '../../network/network';
import { type Axis, mapOwner } from './axis';
import type { Axes } from './inferAxes';

/** A parameter in the scaled network. */
export interface ScaledUse {
  readonly shape: readonly number[];
  /** How many times smaller the number of products in one output is than it was. */
  readonly fanIn: number;
}

/** The parameter's sizes as its node's axes have them; undefined where they do not tell. */
export function scaledUse(
  node: NetworkNode,
  role: string,
  shape: readonly number[],
  inputs: readonly Axes[],
  output: Axes,
): ScaledUse | undefined {
  const { operation } = node;
  const [input = []] = inputs;
  const after = output.at(-1);
  const before = input.at(-1);
  if (role === 'weight' && operation.kind === 'linear' && before && after) return matrix(shape, after, before);
  if (role === 'weight' && operation.kind === 'embedding' && after) {
    return shape[1] === after.size ? { shape: [shape[0] as number, after.scaled], fanIn: 1 } : undefined;
  }
  if (role === 'weight' && operation.kind === 'convolution') {
    const source = input[operation.channelAxis];
    const target = output[operation.channelAxis];
    if (!source || !target) return undefined;
    const [sourceGroups, targetGroups] = [source, target].map((axis) => axis.size / operation.groups);
    const isDepthwise = operation.groups === operation.inChannels;
    const scaledGroups = isDepthwise ? source.scaled : groupsOf(operation.groups, source);
    const fanIn = source.size / operation.groups / (source.scaled / scaledGroups);
    const [first, second, ...window] = shape;
    const expected = operation.transposed ? [source.size, targetGroups] : [target.size, sourceGroups];
    if (first !== expected[0] || second !== expected[1]) return undefined;
    const pair = operation.transposed
      ? [source.scaled, target.scaled / scaledGroups]
      : [target.scaled, source.scaled / scaledGroups];
    return { shape: [...pair, ...window], fanIn };
  }
  if (operation.kind === 'multiheadAttention' && before) {
    const [, key = before, value = before] = inputs.map((axes) => axes.at(-1));
    const columns = role.startsWith('k_') ? key : role.startsWith('v_') ? value : before;
    return grown(shape, before, columns);
  }
  if (operation.kind === 'recurrent' && before && after) {
    const hidden = { size: operation.hiddenFeatures, scaled: (after.scaled * operation.hiddenFeatures) / after.size };
    const isInput = /^inputWeight0/.test(role);
    return grown(shape, hidden, isInput ? before : role.startsWith('inputWeight') ? after : hidden);
  }
  return elementwise(node, shape, output);
}

interface Sizes {
  readonly size: number;
  readonly scaled: number;
}

/** As large groups as before where they divide, else as many: the same rule as that of the axes. */
function groupsOf(count: number, { size, scaled }: Sizes): number {
  const groups = (count * scaled) / size;
  return Number.isInteger(groups) ? groups : count;
}

function matrix(shape: readonly number[], rows: Sizes, columns: Sizes): ScaledUse | undefined {
  if (shape.length !== 2 || shape[0] !== rows.size || shape[1] !== columns.size) return undefined;
  return { shape: [rows.scaled, columns.scaled], fanIn: columns.size / columns.scaled };
}

/** Rows of several gates or projections, one below the other. */
function grown(shape: readonly number[], rows: Sizes, columns: Sizes): ScaledUse | undefined {
  const [first, second] = shape;
  if (first === undefined || first % rows.size !== 0) return undefined;
  const scaled = (first / rows.size) * rows.scaled;
  if (second === undefined) return { shape: [scaled], fanIn: 1 };
  if (second !== columns.size || shape.length !== 2) return undefined;
  return { shape: [scaled, columns.scaled], fanIn: columns.size / columns.scaled };
}

/** Scales, shifts and tables: axis by axis as the output's, of which a vector has the one of its size. */
function elementwise(
  { operation, outputShape }: NetworkNode,
  shape: readonly number[],
  output: Axes,
): ScaledUse | undefined {
  const count = shape.filter((size) => size !== 1).length;
  if (count === 0) return { shape, fanIn: 1 };
  const channelAxis = 'channelAxis' in operation ? output[operation.channelAxis] : undefined;
  const aligned = output.slice(output.length - shape.length);
  const isAligned =
    shape.length <= output.length && shape.every((size, at) => size === 1 || size === aligned[at]?.size);
  if (count > 1 || !channelAxis) {
    const isBatched = typeof outputShape?.[0] === 'object' && shape.length === output.length;
    if (isAligned && !isBatched) {
      return { shape: shape.map((size, at) => (size === 1 ? 1 : (aligned[at]?.scaled ?? size))), fanIn: 1 };
    }
  }
  if (count > 1) return undefined;
  const own = shape.find((size) => size !== 1);
  const fitting = [channelAxis, ...output].filter((axis): axis is Axis => axis?.size === own);
  const axis = fitting.find(({ owners }) => !owners.includes(mapOwner));
  return axis && { shape: shape.map((size) => (size === 1 ? 1 : axis.scaled)), fanIn: 1 };
}
