import type { NodeId, Operation, ParameterUse, Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { CallTrail } from '../../python/values';
import type { TraceSession } from '../framework';

/** Where an operation stands in the source and what it is called. */
export interface Site {
  /** Where it is applied, innermost first. */
  readonly trail: CallTrail;
  /** Where the layer was constructed; the trail where there is none. */
  readonly made?: CallTrail;
  /** Framework's name: `relu`, `conv2d`, `add`. */
  readonly name: string;
  /** For people; the name where there is none. */
  readonly label?: string;
  /** The module's own path. */
  readonly path?: string;
}

const overflowNodes = new WeakMap<TraceSession, NodeId>();

/** Adds a node; once the trace is full, everything further is one unknown node. */
export function addNode(
  session: TraceSession,
  operation: Operation,
  inputs: readonly TracedTensor[],
  shape: Shape,
  site: Site,
  parameters?: readonly ParameterUse[],
): TracedTensor {
  const { tracer } = session;
  if (!tracer.isFull) {
    return tracer.add({
      operation,
      inputs,
      shape,
      name: site.name,
      label: site.label ?? site.name,
      applied: site.trail,
      ...(parameters && { parameters }),
      ...(site.made && { made: site.made }),
      ...(site.path !== undefined && { path: site.path }),
    });
  }
  let node = overflowNodes.get(session);
  if (node === undefined) {
    const reason = 'the network has more operations than are followed';
    node = tracer.add({
      operation: { kind: 'unknown', reason },
      inputs: [],
      shape: undefined,
      name: 'unfollowed',
      label: 'unfollowed',
      applied: site.trail,
    }).node;
    overflowNodes.set(session, node);
  }
  return { node, shape };
}

/** A node that stands for something not understood, with the shape where that is known. */
export function addUnknown(
  session: TraceSession,
  reason: string,
  inputs: readonly TracedTensor[],
  shape: Shape,
  site: Site,
): TracedTensor {
  return addNode(session, { kind: 'unknown', reason }, inputs, shape, site);
}

/** Tells the input policy of a shape that does not fit, if there is a problem. */
export function reportProblem(session: TraceSession, problem: string | undefined, site: Site): void {
  if (problem !== undefined) session.shapeMismatch(problem, site.trail);
}
