import type { Network } from '../../network/network';
import type { InputStatistics } from '../inputStatistics';
import { affordableBatch, type RunLimits } from '../surrogate/smallBatch';
import { type CopySize, type SmallerCopy, smallerCopy } from './smallerCopy';
import { withSymbolicBatch } from './symbolicBatch';

/** What is run in a network's stead, with how many samples. */
export interface AffordableRun extends SmallerCopy {
  readonly batch: number;
  readonly isCopy: boolean;
}

/** Samples that a run of the network itself should have: what more of them would change is told from those. */
const fewestSamples = 4;

/** The network itself where a run of it is affordable, else a smaller copy; undefined where that is not affordable either. */
export function affordableRun(source: Network, statistics: InputStatistics): AffordableRun | undefined {
  const network = withSymbolicBatch(source);
  const batch = affordableBatch(network);
  const whole = batch === undefined ? undefined : { network, statistics, batch, isCopy: false };
  if (batch !== undefined && batch >= Math.min(fewestSamples, network.batchSize)) return whole;
  return affordableCopy(network, statistics) ?? whole;
}

/**
 * From large to small. Of ResNet-50 and VGG-16 at 224 pixels, copies of width 64 were nearest to PyTorch; smaller maps cost more than fewer
 * samples, and widths of 32 more than either.
 */
const sizes: readonly CopySize[] = [
  { width: 256, map: 1 },
  { width: 128, map: 1 },
  { width: 64, map: 1 },
  { width: 64, map: 1 / 2 },
  { width: 64, map: 1 / 4 },
  { width: 64, map: 1 / 8 },
  { width: 32, map: 1 / 4 },
  { width: 32, map: 1 / 8 },
  { width: 32, map: 1 / 16 },
];

/** Several runs of a copy fit into a few seconds. */
const quickRun: RunLimits = { elements: 1.5e8, multiplications: 4e9, multiplicationsForTwo: 4e9 };

/** The largest copy that is run quickly, or else the smallest where that can be run at all. */
function affordableCopy(network: Network, statistics: InputStatistics): AffordableRun | undefined {
  let found: AffordableRun | undefined;
  // The cost falls along the sizes, so halves of them are left out at a time.
  for (let low = 0, high = sizes.length; low < high; ) {
    const middle = (low + high) >> 1;
    const copy = copyAt(network, statistics, sizes[middle] as CopySize);
    const quick = copy && affordableBatch(copy.network, quickRun);
    const isLast = middle === sizes.length - 1;
    const batch = quick ?? (copy && isLast ? affordableBatch(copy.network) : undefined);
    // The formulas carry the number of samples over too.
    if (copy && batch) found = { ...copy, network: { ...copy.network, batchSize: batch }, batch, isCopy: true };
    if (quick) high = middle;
    else low = middle + 1;
  }
  return found;
}

/** The copy of this size; where the maps cannot be smaller, with narrower layers alone. */
function copyAt(network: Network, statistics: InputStatistics, size: CopySize): SmallerCopy | undefined {
  return smallerCopy(network, statistics, size) ?? smallerCopy(network, statistics, { ...size, map: 1 });
}
