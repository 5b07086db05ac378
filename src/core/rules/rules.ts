import { bornDeadNetwork } from './bornDeadNetwork';
import { collapsingActivation } from './collapsingActivation';
import { deadRelu } from './deadRelu';
import { explodingActivation } from './explodingActivation';
import { explodingGradient } from './explodingGradient';
import { hiddenSoftmax } from './hiddenSoftmax';
import type { Rule } from './rule';
import { saturatingStack } from './saturatingStack';
import { symmetricInit } from './symmetricInit';
import { vanishingGradient } from './vanishingGradient';

/** Every rule, in the order in which their findings are shown where severities are equal. */
export const rules: readonly Rule[] = [
  vanishingGradient,
  saturatingStack,
  explodingGradient,
  explodingActivation,
  collapsingActivation,
  deadRelu,
  bornDeadNetwork,
  hiddenSoftmax,
  symmetricInit,
];

export function findRule(id: string): Rule | undefined {
  return rules.find((rule) => rule.id === id);
}
