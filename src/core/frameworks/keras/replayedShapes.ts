import type { Dim, NetworkNode, Padding, Shape } from '../../network/network';
import {
  concatenatedShape,
  convolvedSize,
  divideDims,
  elementCount,
  transposedSize,
  withSpatialSizes,
} from '../../network/shapes';

const noPadding: Padding = { before: 0, after: 0 };

/**
 * Shape of a node of a functional model applied to inputs whose sizes are now known where the definition left them open (`Input((None, 3))`).
 * Sizes that the definition knew stand.
 */
export function shapeOfReplayed(node: NetworkNode, before: readonly Shape[], now: readonly Shape[]): Shape {
  const shape = node.outputShape;
  const [input] = now;
  if (!shape?.includes(undefined) || !input) return shape;
  const found = sizesNow(node, shape, before, now, input);
  return shape.map((size, axis) => size ?? found?.[axis]);
}

function sizesNow(
  node: NetworkNode,
  shape: readonly Dim[],
  before: readonly Shape[],
  now: readonly Shape[],
  input: readonly Dim[],
): Shape {
  const { operation } = node;
  switch (operation.kind) {
    case 'convolution': {
      const { rank, channelAxis, outChannels, kernel, stride, padding, dilation, transposed } = operation;
      return withSpatialSizes(input, rank, channelAxis, outChannels, (size, index) => {
        const sides = padding[index] ?? noPadding;
        const window = [kernel[index] ?? 1, stride[index] ?? 1, sides, dilation[index] ?? 1] as const;
        return transposed ? transposedSize(size, ...window, 0) : convolvedSize(size, ...window);
      });
    }
    case 'pooling': {
      const { rank, channelAxis, kernel, stride, padding } = operation;
      return withSpatialSizes(input, rank, channelAxis, input[channelAxis], (size, index) =>
        convolvedSize(size, kernel[index] ?? 1, stride[index] ?? 1, padding[index] ?? noPadding, 1),
      );
    }
    case 'reduction':
      return shape.length === input.length ? input : input.filter((_, axis) => !operation.axes.includes(axis));
    case 'permute':
      return operation.order.map((axis) => input[axis]);
    case 'concat':
      return concatenatedShape(now, operation.axis).shape;
    case 'reshape':
      return reshapedNow(shape, before[0], input);
    case 'upsample':
      return shape.map((_, axis) => {
        const first = operation.channelAxis === 1 ? 2 : 1;
        const size = input[axis];
        return typeof size === 'number' ? size * (operation.factors[axis - first] ?? 1) : size;
      });
    case 'pad':
      return input.map((size, axis) => {
        const side = operation.padding[axis] ?? noPadding;
        return typeof size === 'number' ? size + side.before + side.after : size;
      });
    case 'embedding':
      return [...input, operation.features];
    default:
      return shape.length === input.length ? input : undefined;
  }
}

/** One open size follows from the number of elements; the others where the axis stood alone before. */
function reshapedNow(shape: readonly Dim[], before: Shape, input: readonly Dim[]): Shape {
  const filled = shape.map((size, axis) => size ?? (before && before[axis] === undefined ? input[axis] : undefined));
  const open = shape.filter((size) => size === undefined).length;
  if (open !== 1) return filled;
  const known = shape.filter((size) => size !== undefined);
  const missing = divideDims(elementCount(input), elementCount(known));
  return shape.map((size) => size ?? missing);
}
