import { type Atom, type BinMap, binMap, binsOf, type Layout, mapAxis } from './layout';

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

/** Moments by output offset from those by input offset: bin δ reads bin s·δ, times the shared taps. */
export function gatherMap({ input, output, stride, taps }: AxisWindow): BinMap {
  const last = binsOf(input) - 1;
  return binMap(binsOf(output), (add) => {
    for (let offset = 0; offset < taps.length; offset++) {
      add(offset, Math.min(last, offset * stride), taps[offset] as number);
    }
  });
}

/** The mirror: moments by input offset s·δ from those by output offset δ; other offsets share no weight. */
export function scatterMap({ input, output, stride, taps }: AxisWindow): BinMap {
  const bins = binsOf(input);
  const outputBins = binsOf(output);
  return binMap(bins, (add) => {
    for (let offset = 0; offset < outputBins && offset * stride < bins; offset++) {
      const bin = offset * stride;
      add(bin, offset, ((taps[offset] as number) * (output - offset)) / (input - bin));
    }
  });
}

/** Weights of output offsets in the sum over ordered pairs of outputs of the taps they share, per tap. */
export function sharedPairs(window: AxisWindow): Float64Array {
  return window.taps.map((taps, offset) => (taps * (window.output - offset) * (offset === 0 ? 1 : 2)) / window.kernel);
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
