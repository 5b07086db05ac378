import { makeNative } from '../../../python/nativeClass';
import type { CallArguments, CallContext, NativeFunctionValue, Value } from '../../../python/values';
import { tensorsIn } from '../../numpy/numpy';
import { inertValue } from '../../torch/inert';
import type { FlaxState } from '../flaxState';
import { vmapFunction } from './vmap';

/** Transforms that change nothing of what a function computes at initialisation. */
const passing = ['jit', 'checkpoint', 'remat', 'named_call', 'pmap', 'eval_shape', 'shard_map', 'make_jaxpr'];

/** Function transforms of jax 0.10.2 and their namesakes in `flax.nnx`. */
export function transformMember(state: () => FlaxState, module: string, name: string): Value | undefined {
  if (name === 'eval_shape') return calling(`${module}.${name}`);
  if (passing.includes(name)) return passingTransform(`${module}.${name}`);
  if (name === 'vmap') return vmapFunction(state, `${module}.vmap`);
  if (name === 'grad') return gradient(state, `${module}.grad`, false);
  if (name === 'value_and_grad') return gradient(state, `${module}.value_and_grad`, true);
  return undefined;
}

/** `jit(f)`, `@jit`, `@jit(static_argnums=…)`, `partial(jit, …)(f)`. */
export function passingTransform(name: string): NativeFunctionValue {
  return makeNative(name, (args) => {
    const given = args.positional[0] ?? args.named.get('fun') ?? args.named.get('f');
    return given ?? makeNative(name, (inner) => inner.positional[0] ?? { kind: 'none' });
  });
}

/** `eval_shape(f, *args)` gives what f gives. */
function calling(name: string): NativeFunctionValue {
  return makeNative(name, (args, context) => {
    const [f, ...others] = args.positional;
    return f ? context.call(f, others, args.named) : context.unknown(`${name} of nothing`);
  });
}

/** `grad(f)(params, …)` runs f: gradients start from the scalar that it returns. */
function gradient(state: () => FlaxState, name: string, withValue: boolean): NativeFunctionValue {
  return makeNative(name, (args) => {
    const [f] = args.positional;
    const transformed = (target: Value): Value =>
      makeNative(name, (inner, context) => differentiated(state(), target, inner, withValue, args, context));
    return f
      ? transformed(f)
      : makeNative(name, (inner) => (inner.positional[0] ? transformed(inner.positional[0]) : { kind: 'none' }));
  });
}

function differentiated(
  state: FlaxState,
  f: Value,
  inner: CallArguments,
  withValue: boolean,
  options: CallArguments,
  context: CallContext,
): Value {
  const result = context.call(f, inner.positional, inner.named);
  const [loss] = tensorsIn(result);
  if (loss) state.session.lossSeen(loss, context.trail);
  const gradients = inertValue();
  if (withValue) return { kind: 'tuple', items: [result, gradients] };
  const hasAux = options.named.get('has_aux');
  if (!hasAux || context.truth(hasAux) !== true) return gradients;
  const aux = result.kind === 'tuple' ? result.items[1] : undefined;
  return { kind: 'tuple', items: [gradients, aux ?? inertValue()] };
}
