import { inverseErf, normalCumulative } from '../../../activations/specialFunctions';
import { truncatedNormal, unknownDistribution } from '../../../network/initialisers';
import type { Distribution } from '../../../network/network';
import { makeNative } from '../../../python/nativeClass';
import type { NativeFunctionValue } from '../../../python/values';
import { bindCall, type NativeFunction, resultOf, type TorchCall } from '../call';
import type { TorchState } from '../state';
import { distributionOf, setDistribution } from './initialisation';

/** `x.relu_()`: x is from now on the result. A parameter stays one, drawn from what the function makes of its elements. */
export function inPlace(state: () => TorchState, entry: NativeFunction): NativeFunctionValue {
  const name = `${entry.name}_`;
  return makeNative(name, (args, context) => {
    const call = bindCall(state(), entry, args, context);
    const [target] = args.positional;
    const payload = state().payloadOf(target);
    const before = payload && distributionOf(call, payload);
    const rule = rules[call.shortName];
    const drawn = before && rule?.(before, call);
    if (drawn || payload?.facts.parameter !== undefined) {
      setDistribution(call, target, drawn ?? unknownDistribution(`${call.shortName}_ is not followed`), 'in place');
      return target ?? call.unknown(`${name} is called without a tensor`);
    }
    const result = resultOf(entry, call) ?? call.unknown(`the arguments of ${name} are not known well enough`);
    const made = state().payloadOf(result);
    if (made && target?.kind === 'instance') target.payload = made;
    return target ?? result;
  });
}

/** What is drawn when the function is applied to every element of what was drawn before. */
const rules: Readonly<Record<string, (before: Distribution, call: TorchCall) => Distribution | undefined>> = {
  erfinv: inverseErfOf,
  clamp: clamped,
  clip: clamped,
};

/** erf⁻¹(u) of u uniform in (−1, 1) is normal of variance 1/2, as P(N(0, 1/2) ≤ x) = (1 + erf x) / 2; of a part of it, truncated. */
function inverseErfOf(before: Distribution): Distribution | undefined {
  if (before.kind !== 'uniform' || before.low < -1 || before.high > 1) return undefined;
  return truncatedNormal(0, Math.SQRT1_2, inverseErf(before.low), inverseErf(before.high));
}

/** Bounds that what is drawn does not pass, but for rounding or once in a thousand million times. */
function clamped(before: Distribution, call: TorchCall): Distribution | undefined {
  if (before.kind !== 'uniform' && before.kind !== 'truncatedNormal') return undefined;
  const low = call.has('min') ? call.number('min') : Number.NEGATIVE_INFINITY;
  const high = call.has('max') ? call.number('max') : Number.POSITIVE_INFINITY;
  if (low === undefined || high === undefined) return undefined;
  if (before.kind === 'uniform') {
    const tolerance = rare * (before.high - before.low);
    return low <= before.low + tolerance && high >= before.high - tolerance ? before : undefined;
  }
  const { mean, std } = before;
  const below = normalCumulative((low - mean) / std) - normalCumulative((before.low - mean) / std);
  const above = normalCumulative((mean - high) / std) - normalCumulative((mean - before.high) / std);
  if (below > rare || above > rare) return undefined;
  return truncatedNormal(mean, std, Math.max(low, before.low), Math.min(high, before.high));
}

const rare = 1e-9;
