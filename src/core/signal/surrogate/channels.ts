import { elementCountOf, inverseOrder, permuted, reshaped, type Tensor } from './tensor';

/** A tensor as samples × channels × positions, whatever order of axes the framework keeps. */
export interface ChannelFirst {
  readonly tensor: Tensor;
  readonly samples: number;
  readonly channels: number;
  readonly sizes: readonly number[];
  /** Brings a tensor of the same order, of other sizes, back to the framework's order. */
  readonly restore: (tensor: Tensor) => Tensor;
}

/** The last `rank` axes other than the channel axis are positions, the axes before them samples. */
export function channelFirst(tensor: Tensor, channelAxis: number, rank: number): ChannelFirst | undefined {
  const { shape } = tensor;
  const others = shape.map((_, axis) => axis).filter((axis) => axis !== channelAxis);
  if (channelAxis < 0 || channelAxis >= shape.length || others.length < rank) return undefined;
  const leading = others.slice(0, others.length - rank);
  const positions = others.slice(others.length - rank);
  const order = [...leading, channelAxis, ...positions];
  const isOrdered = order.every((axis, place) => axis === place);
  const moved = isOrdered ? tensor : permuted(tensor, order);
  const leadingSizes = leading.map((axis) => shape[axis] as number);
  return {
    tensor: moved,
    samples: elementCountOf(leadingSizes),
    channels: shape[channelAxis] as number,
    sizes: positions.map((axis) => shape[axis] as number),
    restore: (result) => {
      const whole = reshaped(result, [...leadingSizes, ...result.shape.slice(1)]);
      return isOrdered ? whole : permuted(whole, inverseOrder(order));
    },
  };
}

/** Sizes of the position axes in a shape of the framework's order. */
export function positionSizes(shape: readonly number[], channelAxis: number, rank: number): readonly number[] {
  return shape.filter((_, axis) => axis !== channelAxis).slice(-rank);
}
