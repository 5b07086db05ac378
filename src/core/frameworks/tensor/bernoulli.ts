import type { Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { TraceSession } from '../framework';
import { addNode, type Site } from './trace';

/** Ones with this probability, else zeros, each element for itself: p times what dropout makes of ones. */
export function bernoulli(session: TraceSession, probability: number, shape: Shape, site: Site): TracedTensor {
  const ones = addNode(session, { kind: 'constant', value: 1 }, [], shape, site);
  const dropout = { kind: 'dropout', rate: 1 - probability, variant: 'element' } as const;
  const kept = addNode(session, dropout, [ones], shape, site);
  return addNode(session, { kind: 'sum', coefficients: [probability] }, [kept], shape, site);
}
