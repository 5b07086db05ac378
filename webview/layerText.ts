import { formatLog10, formatMagnitude, formatShare, formatSigned } from '../src/protocol/format';
import type { PageStrings } from '../src/protocol/pageStrings';
import type { FixView, LayerNumbers, LayerView, SizeView } from '../src/protocol/viewState';
import { fill } from './fill';

import { numbersShown } from './profileData';

/** A size for people; what is exactly zero says so. */
export function sizeText(size: SizeView | undefined, isZero: boolean, strings: PageStrings): string {
  if (size) return formatLog10(size.log10);
  return isZero ? strings.zero : strings.unknownValue;
}

export function gradientText(numbers: LayerNumbers, strings: PageStrings): string {
  return sizeText(numbers.gradient, numbers.flags.includes('zero-gradient'), strings);
}

export function activationText(numbers: LayerNumbers, strings: PageStrings): string {
  return sizeText(numbers.activation, numbers.flags.includes('zero-activation'), strings);
}

/** Empty where the layer has no flat part. */
export function saturatedText({ saturated }: LayerNumbers): string {
  return saturated === undefined ? '' : formatShare(saturated);
}

/** What a screen reader says of the current layer. */
export function spokenLayer(layer: LayerView, index: number, count: number, strings: PageStrings): string {
  const numbers = numbersShown(layer);
  return fill(strings.spokenLayer, {
    index: String(index + 1),
    count: String(count),
    path: layer.path,
    label: layer.label,
    gradient: gradientText(numbers, strings),
    activation: activationText(numbers, strings),
    saturated: saturatedText(numbers) || '–',
  });
}

/** What reaches the activation; undefined where it is not known. */
export function reachedText({ preactivation }: LayerNumbers, strings: PageStrings): string | undefined {
  if (!preactivation) return undefined;
  return fill(strings.reached, {
    mean: formatSigned(preactivation.mean),
    std: formatMagnitude(preactivation.std),
    slope: formatMagnitude(preactivation.slopeRms),
  });
}

/** `3e-9 → 0.4`. */
export function effectText({ effect }: FixView): string | undefined {
  if (!effect) return undefined;
  const format = effect.isShare ? formatShare : formatLog10;
  return `${format(effect.before)} → ${format(effect.after)}`;
}
