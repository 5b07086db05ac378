import type { Operation } from '../../../network/network';
import { channelFirst, positionSizes } from '../channels';
import { type MatrixView, type Multiply, type Product, plainMultiply, rowMajor, transposed } from '../matrix';
import type { Call, DrawnParameter, Step } from '../rule';
import { elementCountOf, type Tensor, weightedSum } from '../tensor';
import { fold, imageSize, kernelSize, placeCount, unfold, type Windows, windowsOf } from '../windows';

type Convolution = Extract<Operation, { kind: 'convolution' }>;

/** Columns that one product should have: enough to make up for arranging the weight anew each time. */
const columnsWanted = 512;
/** Rows of a product below which the kernel's tiles are mostly empty. */
const fewestRows = 3;

/**
 * The image's windows as a matrix, times the weight. A transposed convolution is the same with forward and backward exchanged: its output is
 * the image, its input stands at the places.
 */
interface Geometry {
  readonly windows: Windows;
  readonly samples: number;
  readonly groups: number;
  /** Of the image and at the places, in one group. */
  readonly imageChannels: number;
  readonly placeChannels: number;
  /** Samples worked on at once. */
  readonly chunk: number;
  readonly multiply: Multiply;
}

export function convolutionStep(call: Call, operation: Convolution): Step | undefined {
  const [raw] = call.inputs;
  const weight = call.parameter('weight');
  const bias = call.parameter('bias');
  const { rank, groups, channelAxis, outChannels } = operation;
  const input = raw && channelFirst(raw, channelAxis, rank);
  if (!input || !weight || input.channels !== operation.inChannels || !(groups >= 1)) return undefined;
  const sizes = outputSizes(call, operation, input.sizes);
  if (sizes.some((size) => !(size > 0))) return undefined;
  const isTransposed = operation.transposed;
  const windows = windowsOf({
    ...operation,
    image: isTransposed ? sizes : input.sizes,
    places: isTransposed ? input.sizes : sizes,
  });
  const perGroup = (channels: number) => channels / groups;
  const geometry: Geometry = {
    windows,
    samples: input.samples,
    groups,
    imageChannels: perGroup(isTransposed ? outChannels : operation.inChannels),
    placeChannels: perGroup(isTransposed ? operation.inChannels : outChannels),
    chunk: Math.max(1, Math.min(input.samples, Math.ceil(columnsWanted / placeCount(windows)))),
    multiply: call.multiply,
  };
  if (weight.value.data.length !== groups * geometry.placeChannels * geometry.imageChannels * kernelSize(windows)) {
    return undefined;
  }
  const source = input.tensor;
  const kernel = weight.value.data;
  const data = isTransposed ? toImages(geometry, source.data, kernel) : toPlaces(geometry, source.data, kernel);
  const shape = [input.samples, outChannels, ...sizes];
  const product: Tensor = { shape, data, logScale: source.logScale + weight.value.logScale };
  const restore = input.restore;
  return {
    output: restore(withChannelBias(product, bias)),
    backward: (gradient) => {
      const moved = channelFirst(gradient, channelAxis, rank)?.tensor ?? gradient;
      const inputGradient = isTransposed
        ? toPlaces(geometry, moved.data, kernel)
        : toImages(geometry, moved.data, kernel);
      const weightGradient = isTransposed
        ? byWeight(geometry, moved.data, source.data)
        : byWeight(geometry, source.data, moved.data);
      const back = { shape: [input.samples, input.channels, ...input.sizes], data: inputGradient };
      return {
        inputs: [restore({ ...back, logScale: gradient.logScale + weight.value.logScale })],
        parameters: {
          weight: {
            shape: weight.value.shape,
            data: weightGradient,
            logScale: gradient.logScale + source.logScale,
          },
          ...(bias && { bias: channelSums(moved, input.samples, outChannels) }),
        },
      };
    },
  };
}

/** The framework's own sizes where they are known, else those of the formula (Dumoulin & Visin 2016). */
function outputSizes(call: Call, operation: Convolution, sizes: readonly number[]): readonly number[] {
  if (call.shape) return positionSizes(call.shape, operation.channelAxis, operation.rank);
  return sizes.map((size, axis) => {
    const { before, after } = operation.padding[axis] ?? { before: 0, after: 0 };
    const stride = operation.stride[axis] ?? 1;
    const reach = (operation.dilation[axis] ?? 1) * ((operation.kernel[axis] ?? 1) - 1);
    if (operation.transposed) return (size - 1) * stride - before - after + reach + 1;
    return Math.floor((size + before + after - reach - 1) / stride) + 1;
  });
}

function productFor({ multiply }: Geometry, product: Product): void {
  if (product.rows < fewestRows || product.columns < fewestRows) plainMultiply(product);
  else multiply(product);
}

/** Calls `work` for chunks of samples and each group, with the windows of the images as columns, one sample after another. */
function overChunks(
  geometry: Geometry,
  work: (chunk: {
    readonly first: number;
    readonly count: number;
    readonly group: number;
    readonly columns: Float32Array;
  }) => void,
): void {
  const height = geometry.imageChannels * kernelSize(geometry.windows);
  const width = placeCount(geometry.windows);
  const columns = new Float32Array(height * width * geometry.chunk);
  for (let first = 0; first < geometry.samples; first += geometry.chunk) {
    const count = Math.min(geometry.chunk, geometry.samples - first);
    for (let group = 0; group < geometry.groups; group++) work({ first, count, group, columns });
  }
}

function unfoldChunk(
  geometry: Geometry,
  images: Float32Array,
  first: number,
  count: number,
  group: number,
  columns: Float32Array,
) {
  const width = placeCount(geometry.windows);
  const size = imageSize(geometry.windows) * geometry.imageChannels;
  for (let index = 0; index < count; index++) {
    const start = ((first + index) * geometry.groups + group) * size;
    const rows = { data: columns, start: index * width, rowStep: count * width };
    unfold(geometry.windows, geometry.imageChannels, images, start, rows);
  }
}

/** Convolution of images: [placeChannels × window] · [window × places]. */
function toPlaces(geometry: Geometry, images: Float32Array, kernel: Float32Array): Float32Array {
  const { windows, imageChannels, placeChannels, groups } = geometry;
  const width = placeCount(windows);
  const height = imageChannels * kernelSize(windows);
  const result = new Float32Array(geometry.samples * groups * placeChannels * width);
  const product = new Float32Array(placeChannels * width * geometry.chunk);
  overChunks(geometry, ({ first, count, group, columns }) => {
    unfoldChunk(geometry, images, first, count, group, columns);
    productFor(geometry, {
      rows: placeChannels,
      columns: count * width,
      inner: height,
      left: rowMajor(kernel, height, group * placeChannels * height),
      right: rowMajor(columns, count * width),
      target: { data: product, start: 0 },
    });
    forLines(geometry, first, count, group, (inProduct, inResult) => {
      result.set(product.subarray(inProduct, inProduct + width), inResult);
    });
  });
  return result;
}

/** The transpose of `toPlaces`: what stands at the places spread over the images. */
function toImages(geometry: Geometry, places: Float32Array, kernel: Float32Array): Float32Array {
  const { windows, imageChannels, placeChannels, groups } = geometry;
  const width = placeCount(windows);
  const height = imageChannels * kernelSize(windows);
  const size = imageSize(windows) * imageChannels;
  const result = new Float32Array(geometry.samples * groups * size);
  const gathered = new Float32Array(placeChannels * width * geometry.chunk);
  overChunks(geometry, ({ first, count, group, columns }) => {
    forLines(geometry, first, count, group, (inProduct, inResult) => {
      gathered.set(places.subarray(inResult, inResult + width), inProduct);
    });
    productFor(geometry, {
      rows: height,
      columns: count * width,
      inner: placeChannels,
      left: transposed(kernel, height, group * placeChannels * height),
      right: rowMajor(gathered, count * width),
      target: { data: columns, start: 0 },
    });
    for (let index = 0; index < count; index++) {
      const start = ((first + index) * groups + group) * size;
      fold(windows, imageChannels, { data: columns, start: index * width, rowStep: count * width }, result, start);
    }
  });
  return result;
}

/** dL/dW: what stands at the places times the windows of the images. */
function byWeight(geometry: Geometry, images: Float32Array, places: Float32Array): Float32Array {
  const { windows, imageChannels, placeChannels, groups } = geometry;
  const width = placeCount(windows);
  const height = imageChannels * kernelSize(windows);
  const result = new Float32Array(groups * placeChannels * height);
  const gathered = new Float32Array(placeChannels * width * geometry.chunk);
  overChunks(geometry, ({ first, count, group, columns }) => {
    unfoldChunk(geometry, images, first, count, group, columns);
    forLines(geometry, first, count, group, (inProduct, inResult) => {
      gathered.set(places.subarray(inResult, inResult + width), inProduct);
    });
    const right: MatrixView = transposed(columns, count * width);
    productFor(geometry, {
      rows: placeChannels,
      columns: height,
      inner: count * width,
      left: rowMajor(gathered, count * width),
      right,
      target: { data: result, start: group * placeChannels * height },
      adds: true,
    });
  });
  return result;
}

/** Pairs each line of places in a chunk's product [channel, sample, place] with its start in a whole tensor [sample, channel, place]. */
function forLines(
  geometry: Geometry,
  first: number,
  count: number,
  group: number,
  visit: (inProduct: number, inTensor: number) => void,
): void {
  const width = placeCount(geometry.windows);
  const { placeChannels, groups } = geometry;
  for (let channel = 0; channel < placeChannels; channel++) {
    for (let index = 0; index < count; index++) {
      const inTensor = ((first + index) * groups + group) * placeChannels + channel;
      visit((channel * count + index) * width, inTensor * width);
    }
  }
}

function withChannelBias(product: Tensor, bias: DrawnParameter | undefined): Tensor {
  const channels = product.shape[1] as number;
  if (!bias || bias.value.data.length !== channels || bias.value.data.every((value) => value === 0)) return product;
  const width = elementCountOf(product.shape.slice(2));
  const { data } = product;
  const isPlain = product.logScale === 0 && bias.value.logScale === 0;
  const target = isPlain ? data : new Float32Array(data.length);
  for (let line = 0; line * width < data.length; line++) {
    const value = bias.value.data[line % channels] as number;
    for (let at = line * width; at < (line + 1) * width; at++) target[at] = (target[at] as number) + value;
  }
  if (isPlain) return product;
  return weightedSum(product.shape, [
    { tensor: product, coefficient: 1 },
    { tensor: { shape: product.shape, data: target, logScale: bias.value.logScale }, coefficient: 1 },
  ]);
}

function channelSums({ data, logScale }: Tensor, samples: number, channels: number): Tensor {
  const width = data.length / Math.max(1, samples * channels);
  const sums = new Float64Array(channels);
  for (let line = 0; line < samples * channels; line++) {
    let sum = 0;
    for (let at = line * width; at < (line + 1) * width; at++) sum += data[at] as number;
    sums[line % channels] = (sums[line % channels] as number) + sum;
  }
  return { shape: [channels], data: Float32Array.from(sums), logScale };
}
