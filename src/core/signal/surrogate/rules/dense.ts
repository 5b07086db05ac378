import { rowMajor, transposed } from '../matrix';
import type { Call, DrawnParameter, Step } from '../rule';
import { broadcastShape, broadcastStrides, elementCountOf, type Tensor, walk, weightedSum } from '../tensor';

/** y = x·Wᵀ + b over the last axis; the weight is [out, in]. */
export function linearStep(call: Call, inFeatures: number, outFeatures: number): Step | undefined {
  const [input] = call.inputs;
  const weight = call.parameter('weight');
  const bias = call.parameter('bias');
  if (!input || !weight || input.shape.at(-1) !== inFeatures) return undefined;
  if (weight.value.data.length !== inFeatures * outFeatures) return undefined;
  const { multiply } = call;
  const rows = elementCountOf(input.shape) / Math.max(1, inFeatures);
  const shape = [...input.shape.slice(0, -1), outFeatures];
  const product = new Float32Array(rows * outFeatures);
  multiply({
    rows,
    columns: outFeatures,
    inner: inFeatures,
    left: rowMajor(input.data, inFeatures),
    right: transposed(weight.value.data, inFeatures),
    target: { data: product, start: 0 },
  });
  const output = withBias({ shape, data: product, logScale: input.logScale + weight.value.logScale }, bias);
  return {
    output,
    backward: (gradient) => {
      const inputGradient = new Float32Array(input.data.length);
      multiply({
        rows,
        columns: inFeatures,
        inner: outFeatures,
        left: rowMajor(gradient.data, outFeatures),
        right: rowMajor(weight.value.data, inFeatures),
        target: { data: inputGradient, start: 0 },
      });
      const weightGradient = new Float32Array(weight.value.data.length);
      multiply({
        rows: outFeatures,
        columns: inFeatures,
        inner: rows,
        left: transposed(gradient.data, outFeatures),
        right: rowMajor(input.data, inFeatures),
        target: { data: weightGradient, start: 0 },
      });
      return {
        inputs: [{ shape: input.shape, data: inputGradient, logScale: gradient.logScale + weight.value.logScale }],
        parameters: {
          weight: {
            shape: [outFeatures, inFeatures],
            data: weightGradient,
            logScale: gradient.logScale + input.logScale,
          },
          ...(bias && { bias: columnSums(gradient, outFeatures) }),
        },
      };
    },
  };
}

/** Adds a bias along the last axis. */
export function withBias(product: Tensor, bias: DrawnParameter | undefined): Tensor {
  const width = product.shape.at(-1) ?? 1;
  if (!bias || bias.value.data.length !== width || bias.value.data.every((value) => value === 0)) return product;
  if (product.logScale === 0 && bias.value.logScale === 0) {
    const { data } = product;
    for (let index = 0; index < data.length; index++) {
      data[index] = (data[index] as number) + (bias.value.data[index % width] as number);
    }
    return product;
  }
  const repeated = product.data.map((_, index) => bias.value.data[index % width] as number);
  const term = { shape: product.shape, data: repeated, logScale: bias.value.logScale };
  return weightedSum(product.shape, [
    { tensor: product, coefficient: 1 },
    { tensor: term, coefficient: 1 },
  ]);
}

export function columnSums({ data, logScale }: Tensor, columns: number): Tensor {
  const sums = new Float64Array(columns);
  for (let start = 0; start < data.length; start += columns) {
    for (let column = 0; column < columns; column++) {
      sums[column] = (sums[column] as number) + (data[start + column] as number);
    }
  }
  return { shape: [columns], data: Float32Array.from(sums), logScale };
}

/** NumPy's matmul: the last two axes are matrices, the others are broadcast; a vector counts as a row or a column. */
export function matmulStep(call: Call): Step | undefined {
  const [first, second] = call.inputs;
  if (!first || !second || first.shape.length === 0 || second.shape.length === 0) return undefined;
  const left = first.shape.length === 1 ? [1, ...first.shape] : first.shape;
  const right = second.shape.length === 1 ? [...second.shape, 1] : second.shape;
  const plan = matmulPlan(left, right);
  if (!plan) return undefined;
  const { rows, inner, columns, batches } = plan;
  const { multiply } = call;
  const data = new Float32Array(batches.length * rows * columns);
  batches.forEach(({ leftStart, rightStart }, batch) => {
    multiply({
      rows,
      columns,
      inner,
      left: rowMajor(first.data, inner, leftStart),
      right: rowMajor(second.data, columns, rightStart),
      target: { data, start: batch * rows * columns },
    });
  });
  const shape = [
    ...plan.leading,
    ...(first.shape.length === 1 ? [] : [rows]),
    ...(second.shape.length === 1 ? [] : [columns]),
  ];
  return {
    output: { shape, data, logScale: first.logScale + second.logScale },
    backward: (gradient) => {
      const firstGradient = new Float32Array(first.data.length);
      const secondGradient = new Float32Array(second.data.length);
      batches.forEach(({ leftStart, rightStart }, batch) => {
        const start = batch * rows * columns;
        multiply({
          rows,
          columns: inner,
          inner: columns,
          left: rowMajor(gradient.data, columns, start),
          right: transposed(second.data, columns, rightStart),
          target: { data: firstGradient, start: leftStart },
          adds: true,
        });
        multiply({
          rows: inner,
          columns,
          inner: rows,
          left: transposed(first.data, inner, leftStart),
          right: rowMajor(gradient.data, columns, start),
          target: { data: secondGradient, start: rightStart },
          adds: true,
        });
      });
      return {
        inputs: [
          { shape: first.shape, data: firstGradient, logScale: gradient.logScale + second.logScale },
          { shape: second.shape, data: secondGradient, logScale: gradient.logScale + first.logScale },
        ],
      };
    },
  };
}

interface MatmulPlan {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly leading: readonly number[];
  readonly batches: readonly { readonly leftStart: number; readonly rightStart: number }[];
}

function matmulPlan(left: readonly number[], right: readonly number[]): MatmulPlan | undefined {
  const [rows = 0, inner = 0] = left.slice(-2);
  const [height = 0, columns = 0] = right.slice(-2);
  if (inner !== height) return undefined;
  const leading = broadcastShape([left.slice(0, -2), right.slice(0, -2)]);
  if (!leading) return undefined;
  const leftStrides = broadcastStrides(left.slice(0, -2), leading);
  const rightStrides = broadcastStrides(right.slice(0, -2), leading);
  if (!leftStrides || !rightStrides) return undefined;
  const count = elementCountOf(leading);
  const leftPlaces = new Int32Array(count);
  const rightPlaces = new Int32Array(count);
  walk(leading, leftStrides, 0, (index, place) => {
    leftPlaces[index] = place;
  });
  walk(leading, rightStrides, 0, (index, place) => {
    rightPlaces[index] = place;
  });
  const batches = Array.from({ length: count }, (_, index) => ({
    leftStart: (leftPlaces[index] as number) * rows * inner,
    rightStart: (rightPlaces[index] as number) * inner * columns,
  }));
  return { rows, inner, columns, leading, batches };
}
