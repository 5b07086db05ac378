/** A matrix within an array: element (i, j) stands at `start + i·rowStep + j·columnStep`. */
export interface MatrixView {
  readonly data: Float32Array;
  readonly start: number;
  readonly rowStep: number;
  readonly columnStep: number;
}

/** C = A·B, or with `adds` C += A·B; C is `rows`×`columns`, row-major from `start` of `data`. */
export interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly left: MatrixView;
  readonly right: MatrixView;
  readonly target: { readonly data: Float32Array; readonly start: number };
  readonly adds?: boolean;
}

export type Multiply = (product: Product) => void;

/** What `kernels/matmul.ts` exports once it is compiled. The host instantiates it: the core knows no WebAssembly. */
export interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  scratchStart(): number;
  packedFloats(rows: number, inner: number): number;
  multiply(
    rows: number,
    columns: number,
    inner: number,
    a: number,
    aRow: number,
    aColumn: number,
    b: number,
    bRow: number,
    bColumn: number,
    c: number,
    adds: number,
    packed: number,
  ): void;
}

const pageBytes = 65536;
/** Floats of the left factor and of the result that one kernel call takes; taller products are cut into bands of rows. */
const mostFloats = 4_000_000;

/** The kernels' matrix product over the host's memory: factors are copied in, the result out. */
export function kernelMultiply(kernels: KernelExports): Multiply {
  const base = kernels.scratchStart();
  let floats = new Float32Array(kernels.memory.buffer);
  const reserve = (count: number) => {
    const missing = base + 4 * count - kernels.memory.buffer.byteLength;
    if (missing > 0) kernels.memory.grow(Math.ceil(missing / pageBytes));
    if (floats.buffer !== kernels.memory.buffer) floats = new Float32Array(kernels.memory.buffer);
  };
  const multiplyBand = (product: Product) => {
    const { rows, columns, inner, left, right, target } = product;
    const leftExtent = extentOf(left, rows, inner);
    const rightExtent = extentOf(right, inner, columns);
    const size = rows * columns;
    reserve(leftExtent + rightExtent + size + kernels.packedFloats(rows, inner) + 16);
    const start = base / 4;
    const aligned = (count: number) => (count + 3) & ~3;
    const rightStart = start + aligned(leftExtent);
    const resultStart = rightStart + aligned(rightExtent);
    const packedStart = resultStart + aligned(size);
    floats.set(left.data.subarray(left.start, left.start + leftExtent), start);
    floats.set(right.data.subarray(right.start, right.start + rightExtent), rightStart);
    if (product.adds) floats.set(target.data.subarray(target.start, target.start + size), resultStart);
    kernels.multiply(
      rows,
      columns,
      inner,
      4 * start,
      left.rowStep,
      left.columnStep,
      4 * rightStart,
      right.rowStep,
      right.columnStep,
      4 * resultStart,
      product.adds ? 1 : 0,
      4 * packedStart,
    );
    target.data.set(floats.subarray(resultStart, resultStart + size), target.start);
  };
  return (product) => {
    const { rows, columns, inner } = product;
    if (rows === 0 || columns === 0) return;
    const band = Math.max(4, Math.floor(mostFloats / Math.max(1, columns, inner)));
    for (let row = 0; row < rows; row += band) multiplyBand(rowBand(product, row, Math.min(band, rows - row)));
  };
}

/** Elements from the first to the last that the view reaches. */
function extentOf(view: MatrixView, rows: number, columns: number): number {
  return rows * columns === 0 ? 0 : (rows - 1) * view.rowStep + (columns - 1) * view.columnStep + 1;
}

function rowBand(product: Product, row: number, rows: number): Product {
  if (row === 0 && rows === product.rows) return product;
  const { left, target } = product;
  return {
    ...product,
    rows,
    left: { ...left, start: left.start + row * left.rowStep },
    target: { ...target, start: target.start + row * product.columns },
  };
}

/** The same product where the host has no SIMD. */
export const plainMultiply: Multiply = ({ rows, columns, inner, left, right, target, adds }) => {
  const line = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    line.fill(0);
    let from = left.start + row * left.rowStep;
    for (let k = 0; k < inner; k++) {
      const factor = left.data[from] as number;
      from += left.columnStep;
      let at = right.start + k * right.rowStep;
      for (let column = 0; column < columns; column++) {
        line[column] = (line[column] as number) + factor * (right.data[at] as number);
        at += right.columnStep;
      }
    }
    const to = target.start + row * columns;
    for (let column = 0; column < columns; column++) {
      const before = adds ? (target.data[to + column] as number) : 0;
      target.data[to + column] = (line[column] as number) + before;
    }
  }
};

/** A row-major matrix. */
export function rowMajor(data: Float32Array, columns: number, start = 0): MatrixView {
  return { data, start, rowStep: columns, columnStep: 1 };
}

/** The transpose of a row-major matrix of this many columns. */
export function transposed(data: Float32Array, columns: number, start = 0): MatrixView {
  return { data, start, rowStep: 1, columnStep: columns };
}
