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

/** Tokens are alike by chance alone, and recurrent weights sum over time: there, and in batches of one, the average pair is enough. */
export function pairClassCount(network: Network): number {
  const isEnough = ({ operation }: Network['nodes'][number]) =>
    operation.kind === 'recurrent' || (operation.kind === 'input' && operation.content === 'tokens');
  if (network.batchSize <= 1 || network.nodes.some(isEnough)) return 1;
  return pairClasses.length + (network.nodes.some(isSharedByPositions) ? 2 : 0);
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

/**
 * Average over the classes of pairs of what cannot be negative. Where a class comes out so, it is too far from the average pair for moments
 * alone, and the average pair stands in for it.
 */
export function classAverage(classes: readonly number[]): number {
  const [average = 0] = classes;
  if (classes.length === 1 || !(average > 0)) return average;
  let sum = 0;
  pairClasses.forEach(({ share }, index) => {
    const own = classes[index] as number;
    sum += share * (own > 0 ? own : average);
  });
  return sum;
}
