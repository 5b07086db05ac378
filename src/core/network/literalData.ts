import type { SampleStatistics } from '../signal/inputStatistics';
import { sampleStatistics } from '../signal/sampleStatistics';
import { ConstantValues } from './constantValues';
import type { Dim, NetworkNode, NodeId } from './network';

/** Longest way from a batch back to the table that it is cut from. */
const deepest = 12;

interface Table {
  /** Samples first. */
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/**
 * What the source's own data show where they stand in it as numbers: a table of literals, and what is computed or cut of it. Where
 * rows of the table are picked in some order, any of them might have been: the whole table is the sample.
 */
export function literalSample(
  nodes: readonly NetworkNode[],
  data: NodeId,
  sampleAxis: number,
): SampleStatistics | undefined {
  const values = new ConstantValues(nodes, 1);
  let node = nodes[data];
  let table = node && tableAt(node, values, sampleAxis);
  for (let depth = 0; node && isAlong(node, sampleAxis) && depth < deepest; depth++) {
    const isPicked = node.operation.kind !== 'slice';
    node = nodes[node.inputs[0] ?? -1];
    if (node && isPicked) table = tableAt(node, values, sampleAxis);
  }
  return table && isTelling(table) ? statisticsOf(table) : undefined;
}

/** The literal numbers that an output is compared with, one for each of its elements. */
export function literalTarget(
  nodes: readonly NetworkNode[],
  target: NodeId,
  sampleAxis: number,
  samples: number,
): Float64Array | undefined {
  const node = nodes[target];
  const table = node && tableAt(node, new ConstantValues(nodes, 1), sampleAxis);
  return table?.shape[0] === samples ? table.values : undefined;
}

function tableAt({ id, outputShape }: NetworkNode, known: ConstantValues, sampleAxis: number): Table | undefined {
  const values = outputShape?.every(isSize) ? known.of(id) : undefined;
  const shape = outputShape?.filter(isSize) ?? [];
  const [rows, columns] = shape;
  if (!values || rows === undefined) return undefined;
  if (sampleAxis === 0 || columns === undefined) return { shape, values };
  const turned = values.map((_, at) => values[(at % rows) * columns + Math.floor(at / rows)] as number);
  return { shape: [columns, rows], values: turned };
}

function isSize(dim: Dim): dim is number {
  return typeof dim === 'number';
}

/**
 * One sample, or one number everywhere, shows how the model is called and nothing of its data. Single numbers at equal distances are a grid,
 * which is as good as uniform.
 */
function isTelling({ shape: [samples = 0], values }: Table): boolean {
  const [first = 0, second = 0] = values;
  const step = second - first;
  const isGrid = values.every((value, index) => Math.abs(value - first - index * step) <= 1e-6 * Math.abs(step));
  return samples > 1 && !(isGrid && (samples === values.length || step === 0));
}

/** True where samples are taken out or put in another order. */
function isAlong({ operation }: NetworkNode, sampleAxis: number): boolean {
  const isCut = operation.kind === 'slice' || operation.kind === 'pick' || operation.kind === 'take';
  return isCut && operation.axis === sampleAxis;
}

function statisticsOf({ shape, values }: Table): SampleStatistics | undefined {
  const statistics = sampleStatistics({ kind: 'array', shape, values });
  return statistics.kind === 'sample' ? statistics : undefined;
}
