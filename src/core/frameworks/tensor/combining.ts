import type { Operation } from '../../network/network';
import { matmulShape, reducedShape, resolveAxis } from '../../network/shapes';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { addNode, reportProblem, type Site } from './trace';

export type ReductionVariant = Extract<Operation, { kind: 'reduction' }>['variant'];

export function matmul(session: TraceSession, first: TracedTensor, second: TracedTensor, site: Site): TracedTensor {
  const answer = matmulShape(first.shape, second.shape);
  reportProblem(session, answer.problem, site);
  return addNode(session, { kind: 'matmul' }, [first, second], answer.shape, site);
}

/** Reduces over `axes`, or over all of them; axes of a tensor of unknown rank stay as they were written. */
export function reduce(
  session: TraceSession,
  variant: ReductionVariant,
  tensor: TracedTensor,
  axes: readonly number[] | undefined,
  keepsAxes: boolean,
  site: Site,
  correction = 0,
): TracedTensor {
  const { shape } = tensor;
  const rank = shape?.length;
  const resolved =
    rank === undefined
      ? (axes ?? []).filter((axis) => axis >= 0)
      : axes === undefined
        ? Array.from({ length: rank }, (_, axis) => axis)
        : axes.map((axis) => resolveAxis(axis, rank)).filter((axis) => axis !== undefined);
  if (rank !== undefined && axes && resolved.length < axes.length) {
    reportProblem(session, `reducing axes ${axes.join(', ')} of a tensor with ${rank} axes`, site);
  }
  const result = axes === undefined && !keepsAxes ? [] : reducedShape(shape, resolved, keepsAxes);
  const operation = { kind: 'reduction', variant, axes: resolved, ...(correction !== 0 && { correction }) } as const;
  return addNode(session, operation, [tensor], result, site);
}

/** The same values, through which no gradient goes back. */
export function stopGradient(session: TraceSession, tensor: TracedTensor, site: Site): TracedTensor {
  return addNode(session, { kind: 'identity', stopsGradient: true }, [tensor], tensor.shape, site);
}
