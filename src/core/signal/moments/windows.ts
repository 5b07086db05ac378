import { type Atom, binsOf, type Layout, mapAxis } from './layout';

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
export function gatherAxis(
  values: Float64Array,
  sizes: readonly number[],
  axis: number,
  window: AxisWindow,
): Float64Array {
  const last = binsOf(window.input) - 1;
  return mapAxis(values, sizes, axis, binsOf(window.output), (read, write) => {
    for (let offset = 0; offset < window.taps.length; offset++) {
      write(offset, (window.taps[offset] as number) * read(Math.min(last, offset * window.stride)));
    }
  });
}

/** The mirror: moments by input offset s·δ from those by output offset δ; other offsets share no weight. */
export function scatterAxis(
  values: Float64Array,
  sizes: readonly number[],
  axis: number,
  window: AxisWindow,
): Float64Array {
  const bins = binsOf(window.input);
  const outputBins = binsOf(window.output);
  return mapAxis(values, sizes, axis, bins, (read, write) => {
    for (let bin = 0; bin < bins; bin += window.stride) {
      const offset = bin / window.stride;
      if (offset >= window.output || offset >= outputBins) break;
      const pairs = (window.output - offset) / (window.input - bin);
      write(bin, (window.taps[offset] as number) * pairs * read(offset));
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

/** Applies a per-axis map along each window axis in turn. */
export function alongAxes(
  values: Float64Array,
  layout: Layout,
  positions: readonly number[],
  windows: readonly AxisWindow[],
  map: (values: Float64Array, sizes: readonly number[], axis: number, window: AxisWindow) => Float64Array,
): Float64Array {
  const sizes = layout.extents.map(binsOf);
  let result = values;
  positions.forEach((position, index) => {
    const window = windows[index] as AxisWindow;
    const before = result.length;
    result = map(result, sizes, position, window);
    sizes[position] = ((sizes[position] as number) * result.length) / before;
  });
  return result;
}
