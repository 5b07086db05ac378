import { none } from '../../python/make';
import { makeNative } from '../../python/nativeClass';
import type { CallContext, NativeFunctionValue, Value } from '../../python/values';
import type { TorchState } from './state';

/** Gradients start from a tensor, each element's with what `gradient` says, else with one; they add up until they are used or cleared. */
export function differentiate(state: TorchState, loss: Value, gradient: Value | undefined, context: CallContext): void {
  const isWeighted = gradient !== undefined && state.tensorOf(gradient) !== undefined;
  const tensor = state.tensorOf(isWeighted ? context.binary('*', loss, gradient) : loss);
  if (tensor) state.session.lossSeen(tensor, context.trail, context.gradientRounds);
}

/** `torch.autograd.backward(tensors, grad_tensors)`. */
export function backwardFunction(state: () => TorchState): NativeFunctionValue {
  return makeNative('torch.autograd.backward', ({ positional, named }, context) => {
    const listed = (value: Value | undefined) =>
      value?.kind === 'list' || value?.kind === 'tuple' ? [...value.items] : value ? [value] : [];
    const gradients = listed(positional[1] ?? named.get('grad_tensors'));
    for (const [index, loss] of listed(positional[0] ?? named.get('tensors')).entries())
      differentiate(state(), loss, gradients[index], context);
    return none;
  });
}
