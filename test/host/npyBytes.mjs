/**
 * Numbers in −1 … 1 as NumPy writes them: version 1 of the format, float32.
 * @param {readonly number[]} shape
 */
export function npyBytes(shape) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }\n`;
  const count = shape.reduce((product, size) => product * size, 1);
  const numbers = Float32Array.from({ length: count }, (_, index) => Math.sin(index * 12.9898));
  const length = Buffer.from([header.length, 0]);
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    length,
    Buffer.from(header),
    Buffer.from(numbers.buffer),
  ]);
}
