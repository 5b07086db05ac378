import type { Value } from '../../../python/values';
import type { TorchCall } from '../call';

/** A function of `torch` and `torch.Tensor`: the first parameter is the tensor. */
export interface TensorFunction {
  readonly name: string;
  /** Without the tensor, which is always called `input`. */
  readonly signature: string;
  /** Where it exists; both unless said otherwise. */
  readonly place?: 'function' | 'method';
  readonly call: (call: TorchCall) => Value | undefined;
}

export function tensorFunctions(
  names: string,
  signature: string,
  call: (call: TorchCall) => Value | undefined,
  place?: TensorFunction['place'],
): readonly TensorFunction[] {
  return names.split(' ').map((name) => ({ name, signature, call, ...(place && { place }) }));
}
