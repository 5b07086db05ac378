import type { SignalFlag } from '../core/signal/profile';
import type { PageStrings } from './pageStrings';

/** Why numbers mean little, in words. */
export function doubtTexts(flags: readonly SignalFlag[], strings: PageStrings): readonly string[] {
  const texts: Partial<Record<SignalFlag, string>> = {
    'unknown-upstream': strings.unknownUpstream,
    chaotic: strings.chaotic,
    collapsed: strings.collapsed,
    approximate: strings.approximate,
    overflow: strings.overflow,
    'zero-gradient': strings.zeroGradient,
    'zero-activation': strings.zeroActivation,
    'invalid-weights': strings.invalidWeights,
    'no-units': strings.noUnits,
    'broken-elsewhere': strings.brokenElsewhere,
  };
  return flags.flatMap((flag) => texts[flag] ?? []);
}

/** Where seeds differ so much that no number says much, or the layer itself leaves none. */
const unsteady: ReadonlySet<SignalFlag> = new Set(['chaotic', 'collapsed', 'invalid-weights', 'no-units']);

export function unsteadyTexts(flags: readonly SignalFlag[], strings: PageStrings): readonly string[] {
  return doubtTexts(
    flags.filter((flag) => unsteady.has(flag)),
    strings,
  );
}
