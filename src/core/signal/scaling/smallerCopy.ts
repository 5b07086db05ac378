import type { Network, NetworkNode, NodeId } from '../../network/network';
import type { InputStatistics, SampleStatistics } from '../inputStatistics';
import { unitAxesOf } from '../moments/input';
import { sampleStatistics } from '../sampleStatistics';
import { greatestCommonDivisor } from './axis';
import { scaledNetwork } from './scaledNetwork';

/** A network that stands for a larger one, with the statistics of an input of its size. */
export interface SmallerCopy {
  readonly network: Network;
  readonly statistics: InputStatistics;
}

/** How small the copy is to be. */
export interface CopySize {
  /** Widths are halved as long as they stay at or above this. */
  readonly width: number;
  /** Share of each side of the input's maps. */
  readonly map: number;
}

/** The network at another size; undefined where that cannot be had, or its maps not. */
export function smallerCopy(network: Network, statistics: InputStatistics, size: CopySize): SmallerCopy | undefined {
  const map = mapLosses(network, size.map);
  if (!map) return undefined;
  const smaller = map.size === 0 ? statistics : croppedStatistics(statistics, map);
  const scaled = smaller && scaledNetwork(network, { width: size.width, map });
  return scaled && { network: scaled, statistics: smaller };
}

/** Maps of fewer positions than this at the end of all strides are no maps any more. */
const fewestPositions = 2;

/** What every position axis of the inputs loses: whole multiples of the network's stride, so that each later map loses whole positions too. */
function mapLosses(network: Network, share: number): ReadonlyMap<number, number> | undefined {
  const losses = new Map<number, number>();
  if (share >= 1) return losses;
  // Their profile is told step by step.
  if (network.nodes.some(({ operation }) => operation.kind === 'recurrent')) return undefined;
  const stride = totalStride(network);
  for (const node of network.nodes) {
    const { operation, outputShape } = node;
    if (operation.kind !== 'input') continue;
    const units = operation.content === 'tokens' ? [] : unitAxesOf({ node, network });
    outputShape?.forEach((size, axis) => {
      if (typeof size !== 'number' || size === 1 || units.includes(axis)) return;
      const most = Math.floor(size / stride - fewestPositions);
      const less = stride * Math.min(most, Math.round((size * (1 - share)) / stride));
      if (less > 0) losses.set(size, less);
    });
  }
  return losses.size > 0 ? losses : undefined;
}

/** The least common multiple of the products of strides on all ways through the network. */
function totalStride(network: Network): number {
  const strides = new Map<NodeId, number>();
  let total = 1;
  for (const node of network.nodes) {
    const before = node.inputs.reduce((most, id) => Math.max(most, strides.get(id) ?? 1), 1);
    const stride = before * strideOf(node);
    strides.set(node.id, stride);
    total *= stride / greatestCommonDivisor(total, stride);
  }
  return total;
}

function strideOf({ operation, outputShape }: NetworkNode): number {
  if (operation.kind !== 'convolution' && operation.kind !== 'pooling') return 1;
  if (operation.kind === 'convolution' && operation.transposed) return 1;
  const positions = outputShape?.filter((_, axis) => axis !== operation.channelAxis).slice(-operation.rank) ?? [];
  return positions.every((size) => size === 1) ? 1 : Math.max(...operation.stride);
}

/** Statistics of the samples' middles; those of presets are by shares of the extent. */
function croppedStatistics(
  statistics: InputStatistics,
  losses: ReadonlyMap<number, number>,
): InputStatistics | undefined {
  if (typeof statistics === 'string' || statistics.kind !== 'sample') return statistics;
  const cropped = croppedRows(statistics, losses);
  const result = cropped && sampleStatistics(cropped);
  return result?.kind === 'sample' ? result : undefined;
}

function croppedRows({ shape, positionAxes, rows }: SampleStatistics, losses: ReadonlyMap<number, number>) {
  if (!rows || !positionAxes) return undefined;
  const loss = shape.map((size, axis) => (positionAxes.includes(axis) ? (losses.get(size) ?? 0) : 0));
  const kept = shape.map((size, axis) => size - (loss[axis] as number));
  const size = shape.reduce((product, extent) => product * extent, 1);
  const count = kept.reduce((product, extent) => product * extent, 1);
  const values = new Float64Array(rows.count * count);
  for (let at = 0; at < count; at++) {
    let rest = at;
    let place = 0;
    let step = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const extent = kept[axis] as number;
      place += ((rest % extent) + Math.floor((loss[axis] as number) / 2)) * step;
      rest = Math.floor(rest / extent);
      step *= shape[axis] as number;
    }
    for (let row = 0; row < rows.count; row++) {
      values[row * count + at] = rows.values[row * size + place] as number;
    }
  }
  return { kind: 'array', shape: [rows.count, ...kept], values } as const;
}
