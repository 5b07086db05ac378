/**
 * Matrix product in AssemblyScript with 128-bit SIMD, compiled by `scripts/buildKernels.mjs`. Both factors are packed into panels first
 * (Goto & van de Geijn 2008), so that the innermost loop reads memory in order whatever their layout. The caller owns all memory from
 * `scratchStart` on.
 */

/** Rows and columns of the tile that is kept in registers. */
const tileRows: i32 = 4;
const tileColumns: i32 = 8;

export function scratchStart(): usize {
  return (__heap_base + 15) & ~15;
}

/** Floats that `packed` must hold for one call. */
export function packedFloats(rows: i32, inner: i32): i32 {
  return (((rows + 3) & ~3) + tileColumns) * inner;
}

/**
 * C = A·B, or C += A·B. C is row-major; element (i, j) of A stands at `a + 4·(i·aRow + j·aColumn)`, of B likewise.
 */
export function multiply(
  rows: i32,
  columns: i32,
  inner: i32,
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  c: usize,
  adds: bool,
  packed: usize,
): void {
  packRows(rows, inner, a, aRow, aColumn, packed);
  const panel = packed + ((<usize>((rows + 3) & ~3) * <usize>inner) << 2);
  for (let column = 0; column < columns; column += tileColumns) {
    const width = min(tileColumns, columns - column);
    packColumns(width, inner, b + ((<usize>(column * bColumn)) << 2), bRow, bColumn, panel);
    for (let row = 0; row < rows; row += tileRows) {
      const height = min(tileRows, rows - row);
      const left = packed + ((<usize>row * <usize>inner) << 2);
      const target = c + ((<usize>row * <usize>columns + <usize>column) << 2);
      tile(inner, left, panel, target, columns, height, width, adds);
    }
  }
}

/** Four rows side by side, missing ones as zeros. */
function packRows(rows: i32, inner: i32, a: usize, aRow: i32, aColumn: i32, target: usize): void {
  const step = (<usize>aColumn) << 2;
  for (let row = 0; row < rows; row += tileRows) {
    for (let lane = 0; lane < tileRows; lane++) {
      let to = target + ((<usize>lane) << 2);
      if (row + lane < rows) {
        let from = a + ((<usize>((row + lane) * aRow)) << 2);
        for (let k = 0; k < inner; k++) {
          store<f32>(to, load<f32>(from));
          from += step;
          to += 16;
        }
      } else {
        for (let k = 0; k < inner; k++) {
          store<f32>(to, 0);
          to += 16;
        }
      }
    }
    target += (<usize>inner) << 4;
  }
}

/** Eight columns side by side, missing ones as zeros. */
function packColumns(width: i32, inner: i32, b: usize, bRow: i32, bColumn: i32, target: usize): void {
  const step = (<usize>bRow) << 2;
  if (width === tileColumns && bColumn === 1) {
    for (let k = 0; k < inner; k++) {
      v128.store(target, v128.load(b));
      v128.store(target, v128.load(b, 16), 16);
      b += step;
      target += 32;
    }
    return;
  }
  for (let lane = 0; lane < tileColumns; lane++) {
    let to = target + ((<usize>lane) << 2);
    let from = b + ((<usize>(lane * bColumn)) << 2);
    for (let k = 0; k < inner; k++) {
      store<f32>(to, lane < width ? load<f32>(from) : 0);
      from += step;
      to += 32;
    }
  }
}

/** Four rows times eight columns. */
function tile(
  inner: i32,
  left: usize,
  right: usize,
  target: usize,
  targetRow: i32,
  height: i32,
  width: i32,
  adds: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  for (let k = 0; k < inner; k++) {
    const b0 = v128.load(right);
    const b1 = v128.load(right, 16);
    const a0 = v128.load_splat<f32>(left);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0));
    c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    const a1 = v128.load_splat<f32>(left, 4);
    c10 = f32x4.add(c10, f32x4.mul(a1, b0));
    c11 = f32x4.add(c11, f32x4.mul(a1, b1));
    const a2 = v128.load_splat<f32>(left, 8);
    c20 = f32x4.add(c20, f32x4.mul(a2, b0));
    c21 = f32x4.add(c21, f32x4.mul(a2, b1));
    const a3 = v128.load_splat<f32>(left, 12);
    c30 = f32x4.add(c30, f32x4.mul(a3, b0));
    c31 = f32x4.add(c31, f32x4.mul(a3, b1));
    left += 16;
    right += 32;
  }
  const step = (<usize>targetRow) << 2;
  storeRow(target, c00, c01, width, adds);
  if (height > 1) storeRow(target + step, c10, c11, width, adds);
  if (height > 2) storeRow(target + 2 * step, c20, c21, width, adds);
  if (height > 3) storeRow(target + 3 * step, c30, c31, width, adds);
}

function storeRow(target: usize, low: v128, high: v128, width: i32, adds: bool): void {
  if (width === tileColumns) {
    if (adds) {
      low = f32x4.add(low, v128.load(target));
      high = f32x4.add(high, v128.load(target, 16));
    }
    v128.store(target, low);
    v128.store(target, high, 16);
    return;
  }
  storeLane(target, f32x4.extract_lane(low, 0), adds);
  if (width > 1) storeLane(target + 4, f32x4.extract_lane(low, 1), adds);
  if (width > 2) storeLane(target + 8, f32x4.extract_lane(low, 2), adds);
  if (width > 3) storeLane(target + 12, f32x4.extract_lane(low, 3), adds);
  if (width > 4) storeLane(target + 16, f32x4.extract_lane(high, 0), adds);
  if (width > 5) storeLane(target + 20, f32x4.extract_lane(high, 1), adds);
  if (width > 6) storeLane(target + 24, f32x4.extract_lane(high, 2), adds);
}

function storeLane(target: usize, value: f32, adds: bool): void {
  store<f32>(target, adds ? value + load<f32>(target) : value);
}
