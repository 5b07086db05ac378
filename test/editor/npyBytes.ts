/** A `.npy` file of version 1 (NumPy `lib/format.py`). The numbers are float32, whatever `descriptor` says of them. */
export function npyBytes(shape: readonly number[], value: (index: number) => number, descriptor = '<f4'): Uint8Array {
  const header = `{'descr': '${descriptor}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }\n`;
  const count = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length: count }, (_, index) => value(index));
  const preamble = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 0xff, header.length >> 8];
  return Uint8Array.of(...preamble, ...new TextEncoder().encode(header), ...new Uint8Array(data.buffer));
}
