import type { Dim, Operation, Shape } from './network';
import type { NodeRequest, TracedTensor } from './tracer';

interface Mapping {
  /** How many samples there are. */
  readonly count: Dim;
  readonly isMapped: (tensor: TracedTensor) => boolean;
  readonly make: (request: NodeRequest) => TracedTensor;
}

/**
 * Makes for all samples at once what was asked for of one sample, as `vmap` does: the samples stand along a new first axis of what is mapped,
 * so that axes count one more. Shapes of the request are those of one sample. What cannot be done so is unknown.
 */
export function makeForEach(request: NodeRequest, mapping: Mapping): TracedTensor {
  const { count, isMapped, make } = mapping;
  const shape = withSamples(request.shape, count);
  const reshaped = (tensor: TracedTensor, sizes: Shape) =>
    make({
      ...request,
      operation: { kind: 'reshape' },
      inputs: [tensor],
      shape: sizes,
      name: 'reshape',
      parameters: [],
    });
  const { operation, inputs } = request;
  const [first, second] = inputs;
  const whole = (other: Operation, from: readonly TracedTensor[] = inputs, sizes = shape) =>
    make({ ...request, operation: other, inputs: from, shape: sizes });
  const areAllMapped = inputs.every(isMapped);
  switch (operation.kind) {
    case 'sum':
    case 'product':
    case 'elementwise':
    case 'expand': {
      const rank = request.shape?.length ?? 0;
      // Axes are aligned at the last one: samples of fewer axes get axes of one element behind the first.
      const aligned = inputs.map((input) => {
        const missing = rank - (input.shape?.length ?? rank);
        if (missing <= 0 || !isMapped(input)) return input;
        return reshaped(input, [count, ...Array<Dim>(missing).fill(1), ...(input.shape ?? [])]);
      });
      return whole(operation, aligned);
    }
    case 'matmul': {
      if (!first || !second) break;
      const ranks = [first.shape?.length, second.shape?.length];
      if (ranks[0] === 1 && ranks[1] === 1 && areAllMapped) {
        const products = whole({ kind: 'product' }, inputs, withSamples(first.shape, count));
        return whole({ kind: 'reduction', variant: 'sum', axes: [1] }, [products]);
      }
      if (ranks[0] === 2 && ranks[1] === 1 && !isMapped(first)) {
        const sizes = first.shape?.toReversed();
        const turned = make({
          ...request,
          operation: { kind: 'permute', order: [1, 0] },
          inputs: [first],
          shape: sizes,
        });
        return whole(operation, [second, turned]);
      }
      if (ranks[1] === 1) break;
      return areAllMapped && ranks[0] === 1 ? makeUnknown(request, shape, make) : whole(operation);
    }
    case 'take': {
      const isPicked = areAllMapped && first?.shape?.length === 1 && second?.shape?.length === 0;
      if (second && isPicked) {
        const places = reshaped(second, [count, 1]);
        return reshaped(whole({ kind: 'gather', axis: 1 }, [first, places], [count, 1]), shape);
      }
      if (areAllMapped || !first) break;
      if (isMapped(first)) return whole({ ...operation, axis: operation.axis + 1 });
      return operation.axis === 0 ? whole(operation) : makeUnknown(request, shape, make);
    }
    default: {
      const moved = areAllMapped ? behindSamples(operation) : undefined;
      if (moved) return whole(moved);
    }
  }
  return makeUnknown(request, shape, make);
}

function makeUnknown(request: NodeRequest, shape: Shape, make: Mapping['make']): TracedTensor {
  const reason = `${request.label} of each sample is not followed`;
  return make({ ...request, operation: { kind: 'unknown', reason }, shape, parameters: [] });
}

/** The shape of all samples together. */
function withSamples(shape: Shape, count: Dim): Shape {
  return shape && [count, ...shape];
}

const unmoved: ReadonlySet<Operation['kind']> = new Set<Operation['kind']>([
  ...(['identity', 'linear', 'embedding', 'activation', 'reshape', 'attention', 'loss', 'unknown'] as const),
]);

/** The operation with its axes behind a new first one; undefined where it is not one that can be so moved. */
function behindSamples(operation: Operation): Operation | undefined {
  if (unmoved.has(operation.kind)) return operation;
  switch (operation.kind) {
    case 'dropout':
      return operation.variant === 'channel' ? undefined : operation;
    case 'softmax':
    case 'gatedLinearUnit':
    case 'concat':
    case 'stack':
    case 'slice':
    case 'pick':
    case 'gather':
    case 'ranking':
    case 'cumulativeSum':
      return { ...operation, axis: operation.axis + 1 };
    case 'reduction':
      return { ...operation, axes: operation.axes.map((axis) => axis + 1) };
    case 'normalisation':
      if (operation.variant === 'batch') return undefined;
      return { ...operation, axes: operation.axes.map((axis) => axis + 1), channelAxis: operation.channelAxis + 1 };
    case 'convolution':
    case 'pooling':
    case 'upsample':
      return { ...operation, channelAxis: operation.channelAxis + 1 };
    case 'permute':
      return { ...operation, order: [0, ...operation.order.map((axis) => axis + 1)] };
    case 'pad':
      return { ...operation, padding: [{ before: 0, after: 0 }, ...operation.padding] };
    default:
      return undefined;
  }
}
