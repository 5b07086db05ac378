import type { Dim, Shape } from '../../network/network';
import { mayBeEqual, multiplyDims } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { matmul, reduce } from './combining';
import { applyElementwise } from './elementwise';
import { permute, reshapeTo } from './rearranging';
import type { Site } from './trace';

/** What an equation makes of its tensors: undefined where it does not fit them; a tensor is missing where it is not followed. */
export interface EinsumAnswer {
  readonly tensor: TracedTensor | undefined;
  readonly shape: Shape;
}

/** `einsum(equation, …)` of two tensors as a matrix product between permutations, of one as permutation and sum. */
export function einsumTensors(
  session: TraceSession,
  equation: string,
  tensors: readonly TracedTensor[],
  site: Site,
): EinsumAnswer | undefined {
  const spelt = spellOut(equation, tensors);
  const sizes = spelt && labelSizes(spelt.terms, tensors);
  if (!sizes) return undefined;
  const { terms, target } = spelt;
  const shape = [...target].map((label) => sizes.get(label));
  const [first, second] = tensors;
  const [left = '', right = ''] = terms;
  const isPlain = terms.every(
    (term, index) =>
      new Set(term).size === term.length &&
      [...term].every((label, axis) => mayBeEqual(sizes.get(label), tensors[index]?.shape?.[axis])),
  );
  if (first && tensors.length === 1 && isPlain) {
    return { tensor: contractOne(session, site, first, left, target), shape };
  }
  if (first && second && tensors.length === 2 && isPlain) {
    return { tensor: contractTwo(session, site, first, left, second, right, target, sizes), shape };
  }
  return { tensor: undefined, shape };
}

interface SpeltEquation {
  readonly terms: readonly string[];
  readonly target: string;
}

/** Every axis under a letter: those behind an ellipsis too, and the result where it is left to the rule (labels that stand once, in order). */
function spellOut(equation: string, tensors: readonly TracedTensor[]): SpeltEquation | undefined {
  const [sources = '', written] = equation.replaceAll(' ', '').split('->');
  const parts = sources.split(',');
  if (parts.length !== tensors.length) return undefined;
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];
  const free = letters.filter((label) => !equation.includes(label));
  const hidden = parts.map((part, index) =>
    part.includes('...') ? (tensors[index]?.shape?.length ?? 0) - part.length + '...'.length : 0,
  );
  const widest = Math.max(0, ...hidden);
  if (hidden.some((count) => count < 0) || widest > free.length) return undefined;
  const ellipsis = free.slice(0, widest).join('');
  const terms = parts.map((part, index) => part.replace('...', ellipsis.slice(widest - (hidden[index] ?? 0))));
  const once = letters.filter((label) => sources.split(label).length === 2).sort();
  return { terms, target: written?.replace('...', ellipsis) ?? ellipsis + once.join('') };
}

/** The size of each label; an axis of size 1 is broadcast to that of the others. */
function labelSizes(terms: readonly string[], tensors: readonly TracedTensor[]): Map<string, Dim> | undefined {
  const sizes = new Map<string, Dim>();
  for (const [index, term] of terms.entries()) {
    const shape = tensors[index]?.shape;
    if (shape?.length !== term.length || !/^[A-Za-z]*$/.test(term)) return undefined;
    for (const [axis, label] of [...term].entries()) {
      const known = sizes.get(label);
      sizes.set(label, known === undefined || known === 1 ? shape[axis] : known);
    }
  }
  return sizes;
}

function contractOne(
  session: TraceSession,
  site: Site,
  tensor: TracedTensor,
  term: string,
  target: string,
): TracedTensor {
  const summed = [...term].flatMap((label, axis) => (target.includes(label) ? [] : [axis]));
  const kept = [...term].filter((label) => target.includes(label));
  const reduced = summed.length > 0 ? reduce(session, 'sum', tensor, summed, false, site) : tensor;
  return ordered(session, site, reduced, kept.join(''), target);
}

/** [batch, left, summed] × [batch, summed, right], each group of axes merged into one. */
function contractTwo(
  session: TraceSession,
  site: Site,
  first: TracedTensor,
  left: string,
  second: TracedTensor,
  right: string,
  target: string,
  sizes: ReadonlyMap<string, Dim>,
): TracedTensor | undefined {
  const shared = [...left].filter((label) => right.includes(label));
  const batch = shared.filter((label) => target.includes(label));
  const summed = shared.filter((label) => !target.includes(label));
  const onlyLeft = [...left].filter((label) => !right.includes(label));
  const onlyRight = [...right].filter((label) => !left.includes(label));
  if ([...onlyLeft, ...onlyRight].some((label) => !target.includes(label))) return undefined;
  if (summed.length === 0) {
    // Every pair of elements: a product with an axis for each label.
    const wide = (tensor: TracedTensor, term: string) => {
      const kept = [...target].filter((label) => term.includes(label)).join('');
      const shape = [...target].map((label) => (term.includes(label) ? sizes.get(label) : 1));
      return reshapeTo(session, ordered(session, site, tensor, term, kept), shape, site);
    };
    return applyElementwise(session, 'multiply', [wide(first, left), wide(second, right)], site);
  }
  const size = (labels: readonly string[]) => labels.map((label) => sizes.get(label)).reduce<Dim>(multiplyDims, 1);
  const batchSizes = batch.map((label) => sizes.get(label));
  const merge = (tensor: TracedTensor, term: string, rows: readonly string[], columns: readonly string[]) =>
    reshapeTo(
      session,
      ordered(session, site, tensor, term, [...batch, ...rows, ...columns].join('')),
      [...batchSizes, size(rows), size(columns)],
      site,
    );
  const product = matmul(session, merge(first, left, onlyLeft, summed), merge(second, right, summed, onlyRight), site);
  const labels = [...batch, ...onlyLeft, ...onlyRight];
  const split = reshapeTo(
    session,
    product,
    labels.map((label) => sizes.get(label)),
    site,
  );
  return ordered(session, site, split, labels.join(''), target);
}

function ordered(session: TraceSession, site: Site, tensor: TracedTensor, from: string, to: string): TracedTensor {
  if (from === to) return tensor;
  const order = [...to].map((label) => from.indexOf(label));
  return permute(session, tensor, order, site);
}
