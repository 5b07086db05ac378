import type { Network } from '../../network/network';

/**
 * Some pairs of samples are more alike than others: by so many standard deviations than the average pair, and the share of pairs; three-point
 * Gauss–Hermite rule. Moments across samples hold one block of bins a class, the average pair first. Only weight gradients need the others:
 * they sum products of two things that both depend on the pair.
 */
export const pairClasses = [
  { shift: 0, share: 2 / 3 },
  { shift: -Math.sqrt(3), share: 1 / 6 },
  { shift: Math.sqrt(3), share: 1 / 6 },
] as const;

/**
 * Behind the classes stands the average pair plus one standard deviation of what a layer's finite number of units makes pairs alike by, beside
 * what its inputs are: whatever depends on those outputs follows it, and nothing else does.
 */
export const unitsBlock = pairClasses.length;

/** Tokens are alike by chance alone, and recurrent weights sum over time: there, and in batches of one, the average pair is enough. */
export function pairClassCount(network: Network): number {
  const isEnough = ({ operation }: Network['nodes'][number]) =>
    operation.kind === 'recurrent' || (operation.kind === 'input' && operation.content === 'tokens');
  if (network.batchSize <= 1 || network.nodes.some(isEnough)) return 1;
  return unitsBlock + 1 + (network.nodes.some(isSharedByPositions) ? 2 : 0);
}

/** One weight sees many positions: the likeness of each pair of them counts, not only that of whole samples. */
function isSharedByPositions({ operation, outputShape }: Network['nodes'][number]): boolean {
  return operation.kind === 'convolution' || (operation.kind === 'linear' && (outputShape?.length ?? 0) > 2);
}

/** The same moments for every class of pairs. */
export function everyClass(values: Float64Array, count: number): Float64Array {
  const result = new Float64Array(values.length * count);
  for (let index = 0; index < count; index++) result.set(values, index * values.length);
  return result;
}

/** Average over the classes of pairs of a sum that cannot be negative; where it comes out so, the average pair alone. */
export function classAverage(classes: readonly number[]): number {
  const [average = 0] = classes;
  if (classes.length < pairClasses.length) return average;
  const sum = pairClasses.reduce((total, { share }, index) => total + share * (classes[index] as number), 0);
  return sum > 0 ? sum : average;
}
