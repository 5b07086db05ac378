import { normal, truncatedNormal, uniform } from '../../../network/initialisers';
import type { Distribution } from '../../../network/network';
import { makeInt } from '../../../python/make';
import { makeNative } from '../../../python/nativeClass';
import type { Value } from '../../../python/values';
import { type ArrayCall, type ArrayFunctions, nativeArrayFunction } from '../../numpy/arrays';
import { drawn } from '../../numpy/creation';
import { bernoulli } from '../../tensor/bernoulli';
import { numberOf } from '../../tensor/dimValues';
import { inertValue } from '../../torch/inert';
import type { FlaxState } from '../flaxState';

/** Names of keys: they decide nothing that is read here. */
const keyFunctions = ['PRNGKey', 'key', 'fold_in', 'wrap_key_data', 'key_data', 'clone'];

/** `jax.random` of jax 0.10.2: the key comes first, then the shape. */
const drawingFunctions: ArrayFunctions = {
  normal: { signature: 'key, shape=(), dtype=None', call: (call) => drawn(call, normal(0, 1), call.sizes('shape')) },
  uniform: {
    signature: 'key, shape=(), dtype=None, minval=0.0, maxval=1.0',
    call: (call) => between(call, 'minval', 'maxval', uniform),
  },
  truncated_normal: {
    signature: 'key, lower, upper, shape=(), dtype=None',
    call: (call) => between(call, 'lower', 'upper', (low, high) => truncatedNormal(0, 1, low, high)),
  },
  bernoulli: {
    signature: 'key, p=0.5, shape=()',
    call: (call) => {
      const probability = call.number('p');
      const shape = call.sizes('shape');
      if (probability === undefined || !shape) return drawn(call, undefined, shape);
      return call.result(bernoulli(call.session, probability, shape, call.site));
    },
  },
  randint: {
    signature: 'key, shape, minval, maxval, dtype=None',
    call: (call) => drawn(call, { kind: 'integers', below: call.number('maxval') ?? Number.NaN }, call.sizes('shape')),
  },
  categorical: { signature: 'key, logits, axis=-1, shape=None', call: () => undefined },
  permutation: { signature: 'key, x, axis=0', call: (call) => call.first },
};

/** Members of `jax.random`. */
export function randomMember(state: () => FlaxState, name: string): Value | undefined {
  if (keyFunctions.includes(name)) return makeNative(`jax.random.${name}`, () => inertValue());
  if (name === 'split') return splitKeys;
  const entry = Object.hasOwn(drawingFunctions, name) ? drawingFunctions[name] : undefined;
  return entry && nativeArrayFunction(state, `jax.random.${name}`, entry);
}

/** As many keys as are asked for, so that they can be unpacked and counted. */
const splitKeys = makeNative('jax.random.split', (args) => {
  const count = numberOf(args.positional[1] ?? args.named.get('num') ?? makeInt(2));
  if (count === undefined || count < 0 || count > 10_000) return inertValue();
  return { kind: 'list', items: Array.from({ length: count }, () => inertValue()) };
});

function between(
  call: ArrayCall,
  low: string,
  high: string,
  distribution: (low: number, high: number) => Distribution,
): Value | undefined {
  const from = call.number(low);
  const to = call.number(high);
  return drawn(call, from === undefined || to === undefined ? undefined : distribution(from, to), call.sizes('shape'));
}
