/** factor · x + constant. */
export function affineOf(values: Float64Array, factor: number, constant = 0): Float64Array {
  if (factor === 1 && constant === 0) return values;
  const result = new Float64Array(values.length);
  for (let bin = 0; bin < values.length; bin++) result[bin] = factor * (values[bin] as number) + constant;
  return result;
}

export function productOf(a: Float64Array, b: Float64Array, factor = 1): Float64Array {
  const result = new Float64Array(a.length);
  for (let bin = 0; bin < a.length; bin++) result[bin] = factor * (a[bin] as number) * (b[bin] as number);
  return result;
}

/** The values themselves times factor · x. */
export function multiply(values: Float64Array, others: Float64Array, factor: number): Float64Array {
  for (let bin = 0; bin < values.length; bin++) {
    values[bin] = factor * (values[bin] as number) * (others[bin] as number);
  }
  return values;
}

/** sums += factor · x. */
export function addTo(sums: Float64Array, values: Float64Array, factor: number): void {
  for (let bin = 0; bin < sums.length; bin++) sums[bin] = (sums[bin] as number) + factor * (values[bin] as number);
}

/** a · x + b · y. */
export function combinationOf(a: number, x: Float64Array, b: number, y: Float64Array): Float64Array {
  const result = new Float64Array(x.length);
  for (let bin = 0; bin < x.length; bin++) result[bin] = a * (x[bin] as number) + b * (y[bin] as number);
  return result;
}

export function allFinite(values: Float64Array): boolean {
  for (let bin = 0; bin < values.length; bin++) if (!Number.isFinite(values[bin] as number)) return false;
  return true;
}

/** Of every block of `size` bins those named. */
export function pickBins(values: Float64Array, size: number, bins: Int32Array): Float64Array {
  const blocks = values.length / size;
  const result = new Float64Array(blocks * bins.length);
  for (let block = 0; block < blocks; block++) {
    const to = block * bins.length;
    const from = block * size;
    for (let index = 0; index < bins.length; index++) {
      result[to + index] = values[from + (bins[index] as number)] as number;
    }
  }
  return result;
}

/** The mirror: each block's values added to the named bins of a block of `size`. */
export function gatherBins(values: Float64Array, size: number, bins: Int32Array): Float64Array {
  const blocks = values.length / bins.length;
  const result = new Float64Array(blocks * size);
  for (let block = 0; block < blocks; block++) {
    const from = block * bins.length;
    const to = block * size;
    for (let index = 0; index < bins.length; index++) {
      const at = to + (bins[index] as number);
      result[at] = (result[at] as number) + (values[from + index] as number);
    }
  }
  return result;
}
