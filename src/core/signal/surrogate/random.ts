/** Deterministic random numbers: sfc32 (Doty-Humphrey, PractRand), seeded through splitmix32. */
export class RandomSource {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    let state = seed | 0;
    const next = () => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    for (let round = 0; round < 12; round++) this.bits();
  }

  /** 32 random bits as a signed integer. */
  bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum;
  }

  /** Uniform in (0, 1), both ends left out. */
  uniform(): number {
    return ((this.bits() >>> 0) + 0.5) / 4294967296;
  }

  /** Uniform between the bounds, element by element. */
  fillUniform(data: Float32Array, low: number, high: number): void {
    const width = (high - low) / 4294967296;
    for (let index = 0; index < data.length; index++) data[index] = low + ((this.bits() >>> 0) + 0.5) * width;
  }

  fillNormal(data: Float32Array, mean: number, std: number): void {
    for (let index = 0; index < data.length; index++) data[index] = mean + std * this.normal();
  }

  integer(below: number): number {
    return Math.min(below - 1, Math.floor(this.uniform() * below));
  }

  /** Standard normal by the ziggurat of Marsaglia & Tsang 2000, 128 layers. */
  normal(): number {
    for (;;) {
      const bits = this.bits();
      const layer = bits & 127;
      const x = bits * (widths[layer] as number);
      if (Math.abs(bits) < (limits[layer] as number)) return x;
      if (layer === 0) return this.#tail(bits < 0);
      const low = densities[layer] as number;
      const high = densities[layer - 1] as number;
      if (low + this.uniform() * (high - low) < Math.exp(-0.5 * x * x)) return x;
    }
  }

  #tail(isNegative: boolean): number {
    for (;;) {
      const x = -Math.log(this.uniform()) / tailStart;
      if (-2 * Math.log(this.uniform()) > x * x) return isNegative ? -(tailStart + x) : tailStart + x;
    }
  }
}

const tailStart = 3.442619855899;
const area = 9.91256303526217e-3;
const widths = new Float64Array(128);
const limits = new Float64Array(128);
const densities = new Float64Array(128);

function fillZiggurat(): void {
  const range = 2147483648;
  let x = tailStart;
  let previous = x;
  const base = area / Math.exp(-0.5 * x * x);
  limits[0] = (x / base) * range;
  limits[1] = 0;
  widths[0] = base / range;
  widths[127] = x / range;
  densities[0] = 1;
  densities[127] = Math.exp(-0.5 * x * x);
  for (let layer = 126; layer >= 1; layer--) {
    x = Math.sqrt(-2 * Math.log(area / x + Math.exp(-0.5 * x * x)));
    limits[layer + 1] = (x / previous) * range;
    previous = x;
    densities[layer] = Math.exp(-0.5 * x * x);
    widths[layer] = x / range;
  }
}

fillZiggurat();
