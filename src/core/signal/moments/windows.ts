import { type Atom, axisWeights, type BinMap, binsOf, type Layout, mapAxis, outer } from './layout';

/** One axis of a convolution or pooling window. */
export interface AxisWindow {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
  readonly dilation: number;
  /** Mean number of taps that are inside the input for both outputs of a pair, by output offset. */
  readonly taps: Float64Array;
}

/** Position index of each window axis: those that are neither batch nor channels. */
export function windowPositions(layout: Layout, channelAxis: number, rank: number): number[] | undefined {
  const result: number[] = [];
  for (let axis = 0; axis < layout.axes.length; axis++) {
    const atoms = layout.axes[axis] as readonly Atom[];
    if (axis === channelAxis || atoms.some((atom) => atom.kind === 'batch')) continue;
    const atom = atoms[0];
    if (atoms.length !== 1 || atom?.kind !== 'position') return undefined;
    result.push(atom.index);
  }
  return result.length >= rank ? result.slice(-rank) : undefined;
}

/** `isPadFree` counts padding as data: reflected and circular padding. */
export function axisWindow(
  input: number,
  output: number,
  kernel: number,
  stride: number,
  before: number,
  dilation: number,
  isPadFree: boolean,
): AxisWindow {
  const bins = binsOf(output);
  const taps = new Float64Array(bins);
  for (let offset = 0; offset < bins; offset++) {
    if (isPadFree) {
      taps[offset] = kernel;
      continue;
    }
    let count = 0;
    for (let t = 0; t < kernel; t++) {
      const shift = t * dilation - before;
      const first = Math.max(0, Math.ceil(-shift / stride));
      const last = Math.min(output - 1, Math.floor((input - 1 - shift) / stride));
      count += Math.max(0, last - offset - first + 1);
    }
    taps[offset] = count / (output - offset);
  }
  return { input, output, kernel, stride, before, dilation, taps };
}

/** How the bins of the two sides of a convolution meet: offset δ of the strided side and offset s·δ of the dense one. */
export interface StridedBins {
  /** Bins of the dense side. */
  readonly size: number;
  /** The dense bin of each strided one. */
  readonly dense: Int32Array;
  /** Mean number of taps that the two elements of a strided pair share, by strided bin. */
  readonly taps: Float64Array;
  /** The same for each dense pair: nothing where the dense side keeps no such offset. */
  readonly denseTaps: Float64Array;
  /** Ordered pairs of strided elements times the taps they share, a tap of the kernel. */
  readonly pairs: Float64Array;
}

const stridedCache = new Map<string, StridedBins>();
const mostCached = 64;

export function stridedBins(layout: Layout, positions: readonly number[], windows: readonly AxisWindow[]): StridedBins {
  const sizes = windows.flatMap(({ input, output, kernel, stride, before, dilation, taps }) => {
    return [input, output, kernel, stride, before, dilation, taps[0]];
  });
  const key = `${layout.extents} ${positions} ${sizes}`;
  const known = stridedCache.get(key);
  if (known) return known;
  const bins = buildStridedBins(layout, positions, windows);
  if (stridedCache.size >= mostCached) stridedCache.clear();
  stridedCache.set(key, bins);
  return bins;
}

function buildStridedBins(
  { extents }: Layout,
  positions: readonly number[],
  windows: readonly AxisWindow[],
): StridedBins {
  let size = 1;
  let dense: Int32Array = Int32Array.of(0);
  let taps: Float64Array = Float64Array.of(1);
  let denseTaps = taps;
  let pairs = taps;
  extents.forEach((extent, position) => {
    const bins = binsOf(extent);
    const window = windows[positions.indexOf(position)];
    const count = window ? window.taps.length : bins;
    const byOffset = (value: (window: AxisWindow, offset: number) => number) =>
      new Float64Array(count).map((_, offset) => (window ? value(window, offset) : 1));
    const stride = window?.stride ?? 1;
    dense = nested(
      dense,
      bins,
      new Int32Array(count).map((_, offset) => Math.min(bins - 1, offset * stride)),
    );
    taps = outer(
      taps,
      byOffset((own, offset) => own.taps[offset] as number),
    );
    denseTaps = outer(denseTaps, byOffset(denseShare));
    const ownPairs = axisWeights(extent).map((share) => share * extent * extent);
    pairs = outer(pairs, window ? byOffset(sharedPairs) : ownPairs);
    size *= bins;
  });
  return { size, dense, taps, denseTaps, pairs };
}

/** Row-major indices with a further axis of `size`. */
function nested(indices: Int32Array, size: number, own: Int32Array): Int32Array {
  const result = new Int32Array(indices.length * own.length);
  for (let row = 0; row < indices.length; row++) {
    const start = (indices[row] as number) * size;
    for (let column = 0; column < own.length; column++) {
      result[row * own.length + column] = start + (own[column] as number);
    }
  }
  return result;
}

function denseShare({ input, output, stride, taps }: AxisWindow, offset: number): number {
  if (offset * stride >= binsOf(input)) return 0;
  return ((taps[offset] as number) * (output - offset)) / (input - offset * stride);
}

function sharedPairs({ taps, output, kernel }: AxisWindow, offset: number): number {
  return ((taps[offset] as number) * (output - offset) * (offset === 0 ? 1 : 2)) / kernel;
}

/** factor · taps · x of the dense bin + constant, by strided bin. */
export function gatherStrided(values: Float64Array, bins: StridedBins, factor: number, constant: number): Float64Array {
  const { dense, taps, size } = bins;
  const count = dense.length;
  const blocks = values.length / size;
  const result = new Float64Array(blocks * count);
  for (let block = 0; block < blocks; block++) {
    for (let bin = 0; bin < count; bin++) {
      const value = values[block * size + (dense[bin] as number)] as number;
      result[block * count + bin] = factor * (taps[bin] as number) * value + constant;
    }
  }
  return result;
}

/** The mirror, by dense bin; offsets that are no multiple of the stride share no weight. */
export function scatterStrided(
  values: Float64Array,
  bins: StridedBins,
  factor: number,
  constant: number,
): Float64Array {
  const { dense, denseTaps, size } = bins;
  const count = dense.length;
  const blocks = values.length / count;
  const result = new Float64Array(blocks * size).fill(constant);
  for (let block = 0; block < blocks; block++) {
    for (let bin = 0; bin < count; bin++) {
      const at = block * size + (dense[bin] as number);
      result[at] =
        (result[at] as number) + factor * (denseTaps[bin] as number) * (values[block * count + bin] as number);
    }
  }
  return result;
}

/** The layout with these sizes of the window axes and as many channels. */
export function withSizes(
  layout: Layout,
  positions: readonly number[],
  windowSizes: readonly number[],
  channelAxis: number,
  channels: number,
): Layout {
  const extents = [...layout.extents];
  positions.forEach((position, index) => {
    extents[position] = windowSizes[index] as number;
  });
  return {
    axes: layout.axes.map((atoms, axis): readonly Atom[] =>
      axis === channelAxis ? [{ kind: 'units', size: channels }] : atoms,
    ),
    extents,
  };
}

/** Applies a map along each window axis in turn. */
export function alongAxes(
  values: Float64Array,
  layout: Layout,
  positions: readonly number[],
  maps: readonly BinMap[],
): Float64Array {
  const sizes = layout.extents.map(binsOf);
  let result = values;
  positions.forEach((position, index) => {
    const map = maps[index] as BinMap;
    result = mapAxis(result, sizes, position, map);
    sizes[position] = map.bins;
  });
  return result;
}
