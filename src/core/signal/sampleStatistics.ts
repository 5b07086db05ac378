import type { SampleRows, SampleStatistics } from './inputStatistics';
import { axisWeights, binsOf, outer } from './moments/layout';
import type { NumericArray, Refusal } from './npy';

/** Multiply-adds that one call may spend; larger batches are thinned to fewer samples and units. */
const workLimit = 160_000_000;

/** Moments of a sample batch, batch axis first: E x, E x², and products at position offsets within and across samples. */
export function sampleStatistics(array: NumericArray): SampleStatistics | Refusal {
  const [count, ...shape] = array.shape;
  if (count === undefined || array.shape.length < 2) {
    return { kind: 'refused', reason: 'it needs a batch axis first and at least one more' };
  }
  if (shape.length > 4)
    return { kind: 'refused', reason: `it has ${array.shape.length} axes; at most 5 are understood` };
  const bad = array.values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) return { kind: 'refused', reason: `its element ${bad} is ${array.values[bad]}` };
  const positionAxes = positionAxesOf(shape);
  const extents = positionAxes.map((axis) => shape[axis] as number);
  let sum = 0;
  let square = 0;
  for (const value of array.values) {
    sum += value;
    square += value * value;
  }
  const maps = new PositionMaps(shape, positionAxes);
  const affordable = Math.max(2, Math.floor(workLimit / maps.pairsPerMap));
  const samples = Math.min(count, affordable);
  const unitStep = Math.max(1, Math.ceil((samples * maps.units.length) / affordable));
  const units = maps.units.filter((_, index) => index % unitStep === 0);
  const sampleSize = shape.reduce((product, size) => product * size, 1);
  const total = new Float64Array(sampleSize);
  for (let sample = 0; sample < samples; sample++) {
    const start = sample * sampleSize;
    for (let i = 0; i < sampleSize; i++) total[i] = (total[i] as number) + (array.values[start + i] as number);
    for (const unit of units) maps.addWithin(array.values, start + unit);
  }
  for (const unit of units) maps.addAcross(total, unit);
  const own = maps.withinMeans(samples * units.length);
  const pairs = samples * (samples - 1);
  const others = maps
    .acrossMeans(units.length)
    .map((value, bin) => (pairs > 0 ? (value - samples * (own[bin] as number)) / pairs : (own[bin] as number)));
  // The samples looked at have a mean and a variance of their own: what they tell is how places correlate.
  const partMean = units.reduce((all, unit) => all + maps.mean(total, unit), 0) / (units.length * samples);
  const partVariance = (own[0] as number) - partMean ** 2;
  const mean = sum / array.values.length;
  const variance = square / array.values.length - mean ** 2;
  const factor = partVariance > 0 ? variance / partVariance : 1;
  const whole = (values: Float64Array) => values.map((value) => (value - partMean ** 2) * factor + mean ** 2);
  return {
    kind: 'sample',
    shape,
    count,
    positionAxes,
    mean,
    square: square / array.values.length,
    within: { extents, values: [...whole(own)] },
    across: { extents, values: [...whole(others)] },
    pairSpread: pairSpread(array.values, count, sampleSize, maps),
    rows: sampleRows(array.values, count, sampleSize),
  };
}

/** Numbers of the batch that are kept as they are: enough for an ordinary batch, little beside the rest of an analysis. */
const mostKept = 1 << 20;

/** Samples evenly from the whole batch. */
function sampleRows(values: Float64Array, count: number, sampleSize: number): SampleRows | undefined {
  const kept = Math.min(count, Math.floor(mostKept / sampleSize));
  if (kept === 0) return undefined;
  const rows = new Float32Array(kept * sampleSize);
  for (let index = 0; index < kept; index++) {
    const start = Math.floor((index * count) / kept) * sampleSize;
    rows.set(values.subarray(start, start + sampleSize), index * sampleSize);
  }
  return { count: kept, values: rows };
}

/** Samples whose pairs are looked at one by one, and pairs of places of each. */
const pairSamples = 48;
const pairPlaces = 8;

function pairSpread(values: Float64Array, count: number, sampleSize: number, maps: PositionMaps) {
  const samples = Math.min(count, pairSamples);
  const positions = maps.positionCount;
  const means: Float64Array[] = [];
  for (let sample = 0; sample < samples; sample++) {
    means.push(Float64Array.from(maps.units, (unit) => maps.mean(values, sample * sampleSize + unit)));
  }
  const own: number[] = [];
  const mean: number[] = [];
  const places: number[] = [];
  for (let a = 0; a < samples; a++) {
    for (let b = 0; b < a; b++) {
      let product = 0;
      for (let i = 0; i < sampleSize; i++) {
        product += (values[a * sampleSize + i] as number) * (values[b * sampleSize + i] as number);
      }
      own.push(product / sampleSize);
      const left = means[a] as Float64Array;
      const right = means[b] as Float64Array;
      let products = 0;
      for (let unit = 0; unit < left.length; unit++) products += (left[unit] as number) * (right[unit] as number);
      mean.push((products * positions) / sampleSize);
      for (let place = 0; place < pairPlaces; place++) {
        const [here, there] = [
          placeOf(places.length, (Math.sqrt(5) - 1) / 2, positions),
          placeOf(places.length, Math.SQRT2 - 1, positions),
        ];
        places.push(maps.productAt(values, [a * sampleSize, here], [b * sampleSize, there]));
      }
    }
  }
  return { own: standardDeviation(own), mean: standardDeviation(mean), places: standardDeviation(places) };
}

/** Evenly spread, another at each step: the fractional parts of multiples of an irrational number. */
function placeOf(step: number, irrational: number, count: number): number {
  return Math.floor(((step * irrational) % 1) * count);
}

function standardDeviation(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Images: the smaller end axis of three is the channels (ties: the first, as in PyTorch); sequences [time, features]. */
function positionAxesOf(shape: readonly number[]): number[] {
  switch (shape.length) {
    case 1:
      return [];
    case 2:
      return [0];
    default: {
      const first = shape[0] as number;
      const last = shape[shape.length - 1] as number;
      const channel = last < first && last <= 4 ? shape.length - 1 : 0;
      return shape.map((_, axis) => axis).filter((axis) => axis !== channel);
    }
  }
}

/** The positions of one unit's values, and sums of their products by absolute offset along up to three axes. */
class PositionMaps {
  /** Index of each unit's first value within a sample. */
  readonly units: readonly number[];
  readonly #extents: readonly [number, number, number];
  readonly #positions: Int32Array;
  readonly #bins: readonly [number, number, number];
  readonly #within: Float64Array;
  readonly #across: Float64Array;
  readonly #map: Float64Array;

  constructor(shape: readonly number[], positionAxes: readonly number[]) {
    const strides = new Array<number>(shape.length).fill(1);
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
    }
    const offsets = (axes: readonly number[]) => {
      let list = [0];
      for (const axis of axes) {
        const size = shape[axis] as number;
        const stride = strides[axis] as number;
        list = list.flatMap((base) => Array.from({ length: size }, (_, i) => base + i * stride));
      }
      return list;
    };
    this.units = offsets(shape.map((_, axis) => axis).filter((axis) => !positionAxes.includes(axis)));
    this.#positions = Int32Array.from(offsets(positionAxes));
    const padded = [
      ...Array.from({ length: 3 - positionAxes.length }, () => 1),
      ...positionAxes.map((axis) => shape[axis] as number),
    ];
    this.#extents = [padded[0] ?? 1, padded[1] ?? 1, padded[2] ?? 1];
    this.#bins = [binsOf(this.#extents[0]), binsOf(this.#extents[1]), binsOf(this.#extents[2])];
    const size = this.#bins[0] * this.#bins[1] * this.#bins[2];
    this.#within = new Float64Array(size);
    this.#across = new Float64Array(size);
    this.#map = new Float64Array(this.#positions.length);
  }

  get positionCount(): number {
    return this.#positions.length;
  }

  /** Mean over the positions of one unit. */
  mean(values: Float64Array, start: number): number {
    let sum = 0;
    for (const position of this.#positions) sum += values[start + position] as number;
    return sum / this.#positions.length;
  }

  /** Mean over the units of the products at two places, each the first value of a sample and a position. */
  productAt(values: Float64Array, a: readonly [number, number], b: readonly [number, number]): number {
    const [here, there] = [a, b].map(([start, position]) => start + (this.#positions[position] as number));
    let sum = 0;
    for (const unit of this.units)
      sum += (values[unit + (here as number)] as number) * (values[unit + (there as number)] as number);
    return sum / this.units.length;
  }

  get pairsPerMap(): number {
    return this.#positions.length * this.#positions.length;
  }

  addWithin(values: Float64Array, start: number): void {
    this.#add(values, start, this.#within);
  }

  addAcross(values: Float64Array, start: number): void {
    this.#add(values, start, this.#across);
  }

  withinMeans(maps: number): Float64Array {
    return this.#means(this.#within, maps);
  }

  acrossMeans(maps: number): Float64Array {
    return this.#means(this.#across, maps);
  }

  #add(values: Float64Array, start: number, sums: Float64Array): void {
    const map = this.#map;
    for (let i = 0; i < map.length; i++) map[i] = values[start + (this.#positions[i] as number)] as number;
    const [depth, height, width] = this.#extents;
    const [, binsY, binsX] = this.#bins;
    for (let dz = 0; dz < depth; dz++) {
      const z = Math.min(dz, this.#bins[0] - 1);
      for (let dy = dz === 0 ? 0 : 1 - height; dy < height; dy++) {
        const y = Math.min(Math.abs(dy), binsY - 1);
        for (let dx = dz === 0 && dy === 0 ? 0 : 1 - width; dx < width; dx++) {
          const bin = (z * binsY + y) * binsX + Math.min(Math.abs(dx), binsX - 1);
          let sum = 0;
          const fromY = Math.max(0, -dy);
          const toY = Math.min(height, height - dy);
          const fromX = Math.max(0, -dx);
          const toX = Math.min(width, width - dx);
          for (let pz = 0; pz < depth - dz; pz++) {
            for (let py = fromY; py < toY; py++) {
              const row = (pz * height + py) * width;
              const other = ((pz + dz) * height + py + dy) * width + dx;
              for (let px = fromX; px < toX; px++) sum += (map[row + px] as number) * (map[other + px] as number);
            }
          }
          sums[bin] = (sums[bin] as number) + sum;
        }
      }
    }
  }

  /** Each unordered pair of positions was visited once. */
  #means(sums: Float64Array, maps: number): Float64Array {
    const positions = this.#positions.length;
    const [depth, height, width] = this.#extents;
    const weights = outer(outer(axisWeights(depth), axisWeights(height)), axisWeights(width));
    return sums.map((sum, bin) => {
      const ordered = (weights[bin] as number) * positions * positions;
      const visited = bin === 0 ? positions : ordered / 2;
      return visited > 0 ? sum / visited / maps : 0;
    });
  }
}
