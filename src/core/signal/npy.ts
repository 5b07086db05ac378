/** Numbers of a `.npy` file in row-major order. */
export interface NumericArray {
  readonly kind: 'array';
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** A file that is not taken, with one line for the person who gave it. */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: string;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const maxElements = 100_000_000;

type Reader = (view: DataView, offset: number, isLittle: boolean) => number;

const readers: Readonly<Record<string, { readonly size: number; readonly read: Reader }>> = {
  f4: { size: 4, read: (view, offset, isLittle) => view.getFloat32(offset, isLittle) },
  f8: { size: 8, read: (view, offset, isLittle) => view.getFloat64(offset, isLittle) },
  i1: { size: 1, read: (view, offset) => view.getInt8(offset) },
  u1: { size: 1, read: (view, offset) => view.getUint8(offset) },
  b1: { size: 1, read: (view, offset) => view.getUint8(offset) },
  i2: { size: 2, read: (view, offset, isLittle) => view.getInt16(offset, isLittle) },
  u2: { size: 2, read: (view, offset, isLittle) => view.getUint16(offset, isLittle) },
  i4: { size: 4, read: (view, offset, isLittle) => view.getInt32(offset, isLittle) },
  u4: { size: 4, read: (view, offset, isLittle) => view.getUint32(offset, isLittle) },
  i8: { size: 8, read: (view, offset, isLittle) => Number(view.getBigInt64(offset, isLittle)) },
  u8: { size: 8, read: (view, offset, isLittle) => Number(view.getBigUint64(offset, isLittle)) },
};

/** Reads NumPy's `.npy` format, versions 1 to 3 (NumPy `lib/format.py`). Object arrays are pickles and are refused unread. */
export function parseNpy(bytes: Uint8Array): NumericArray | Refusal {
  if (bytes.length < 10 || magic.some((byte, index) => bytes[index] !== byte)) {
    return refuse(bytes[0] === 0x80 ? 'a pickle, not a .npy array; pickles are never loaded' : 'not a .npy file');
  }
  const version = bytes[6] as number;
  if (version < 1 || version > 3) return refuse(`.npy version ${version} is not known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (version > 1 && bytes.length < 12) return refuse('the file is truncated in its header');
  const headerStart = version === 1 ? 10 : 12;
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = headerStart + headerLength;
  if (dataStart > bytes.length) return refuse('the file is truncated in its header');
  const header = decodeAscii(bytes.subarray(headerStart, dataStart));
  const descriptor = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape'\s*:\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descriptor === undefined) return refuse('its element type is a structure, not a number');
  if (order === undefined || sizes === undefined) return refuse('its header cannot be read');
  if (descriptor.includes('O')) return refuse('it holds pickled Python objects, which are never loaded');
  const reader = readers[descriptor.slice(1)];
  if (!reader || !'<>|='.includes(descriptor.charAt(0))) {
    return refuse(`its element type ${descriptor.slice(0, 20)} is not a real number of a size that is known`);
  }
  const shape = sizes
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) return refuse('its shape cannot be read');
  const count = shape.reduce((product, size) => product * size, 1);
  if (count === 0) return refuse('it holds no elements');
  if (count > maxElements) return refuse(`it holds ${count} elements; at most ${maxElements} are read`);
  const expected = count * reader.size;
  const found = bytes.length - dataStart;
  if (found < expected) return refuse(`the file is truncated: ${expected} bytes of data expected, ${found} found`);
  const isLittle = descriptor.charAt(0) !== '>';
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = reader.read(view, dataStart + i * reader.size, isLittle);
  return { kind: 'array', shape, values: order === 'True' ? rowMajor(values, shape) : values };
}

function refuse(reason: string): Refusal {
  return { kind: 'refused', reason };
}

function decodeAscii(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function rowMajor(columnMajor: Float64Array, shape: readonly number[]): Float64Array {
  const result = new Float64Array(columnMajor.length);
  const index = new Array<number>(shape.length).fill(0);
  const strides: number[] = [];
  let stride = 1;
  for (const size of shape) {
    strides.push(stride);
    stride *= size;
  }
  for (let at = 0; at < result.length; at++) {
    let from = 0;
    for (let axis = 0; axis < shape.length; axis++) from += (index[axis] as number) * (strides[axis] as number);
    result[at] = columnMajor[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      index[axis] = 0;
    }
  }
  return result;
}
