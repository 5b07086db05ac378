import type { Analysis } from '../core/analysis';
import type { Finding } from '../core/findings/finding';

/** Findings of all models and of none. */
export function allFindings(analysis: Analysis): readonly Finding[] {
  return [...analysis.models.flatMap((model) => model.findings), ...analysis.findings];
}
