import { mergeProfiles, withAnalyticBands, withSurrogateBands } from './merge';
import type { SignalProfile } from './profile';
import type { SurrogateProfile } from './surrogate/surrogate';

export const engines = ['analytic', 'surrogate', 'merged'] as const;

/** Which of the two engines speaks, or both. */
export type Engine = (typeof engines)[number];

/** The profile as the engine asked for has it; without runs the analytic one. */
export function profileOf(
  engine: Engine,
  analytic: SignalProfile,
  surrogate: SurrogateProfile | undefined,
): SignalProfile {
  if (engine === 'analytic' || !surrogate) return withAnalyticBands(analytic);
  return engine === 'surrogate' ? withSurrogateBands(surrogate, analytic) : mergeProfiles(analytic, surrogate);
}
