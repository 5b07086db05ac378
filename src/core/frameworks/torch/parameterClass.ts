import type { Distribution } from '../../network/network';
import { none } from '../../python/make';
import type { ClassValue } from '../../python/values';
import { constantsOf } from '../tensor/picking';
import { type Method, methods, nativeClass } from './nativeClass';
import type { TensorPayload, TorchState } from './state';

/** `nn.Parameter(tensor)`: drawn from what the tensor is drawn from. */
export function parameterClass(state: () => TorchState, tensor: ClassValue): ClassValue {
  const create: Method = (self, args, context) => {
    const source = args.positional[0] ?? args.named.get('data');
    const payload = state().payloadOf(source);
    const sizes = payload?.shape?.filter((size) => typeof size === 'number');
    if (!payload || !sizes || sizes.length !== payload.shape?.length || self.kind !== 'instance') {
      return source?.kind === 'unknown' ? source : context.unknown('the shape of a parameter is not known');
    }
    const reason = 'a parameter made of a computed tensor';
    const distribution = payload.facts.distribution ??
      parameterDistribution(state(), payload) ??
      knownValues(state(), payload) ?? { kind: 'unknown', reason };
    const flag = args.positional[1] ?? args.named.get('requires_grad');
    const isTrainable = flag === undefined || context.truth(flag) !== false;
    const scheme = schemeOf(distribution);
    const initialiser = { distribution, scheme, isDefault: false, ...(self.made[0] && { span: self.made[0] }) };
    self.payload = state().parameterPayload(sizes, initialiser, self.made, isTrainable);
    return none;
  };
  return nativeClass('torch.nn.Parameter', tensor, methods('torch.nn.Parameter', { __init__: create }));
}

/** Of a constant tensor, where its elements can be worked out and are few. */
function knownValues(state: TorchState, payload: TensorPayload): Distribution | undefined {
  const values = payload.facts.isConstant
    ? (payload.facts.values ?? constantsOf(state.session, payload.tensor.node))
    : undefined;
  return values && values.length > 0 ? { kind: 'values', values: [...values] } : undefined;
}

function schemeOf(distribution: Distribution): string {
  const short = (value: number) => Number(value.toPrecision(4));
  switch (distribution.kind) {
    case 'constant':
      return `constant(${short(distribution.value)})`;
    case 'normal':
      return `normal(${short(distribution.mean)}, ${short(distribution.std)})`;
    case 'uniform':
      return `uniform(${short(distribution.low)}, ${short(distribution.high)})`;
    default:
      return distribution.kind;
  }
}

/** What a parameter's elements are drawn from by now, reached through `.data` or as it is. */
export function parameterDistribution(state: TorchState, payload: TensorPayload | undefined): Distribution | undefined {
  const id = payload?.facts.parameter;
  return id === undefined ? undefined : state.tracer.parameter(id).initialiser.distribution;
}
