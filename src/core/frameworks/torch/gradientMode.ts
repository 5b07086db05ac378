import { none } from '../../python/make';
import { makeNativeClass } from '../../python/nativeClass';
import type { InstanceValue, Value } from '../../python/values';
import { nativeMethod } from './nativeClass';
import type { TorchState } from './state';

/** Contexts that say whether what is computed in them is differentiated (torch/autograd/grad_mode.py, 2.13). */
const modes: readonly (readonly [name: string, isOn: boolean])[] = [
  ['no_grad', false],
  ['inference_mode', false],
  ['enable_grad', true],
];

/** By name. As decorators they give back what they decorate: what a function gives out is not followed for that. */
export function gradientModes(state: () => TorchState): readonly (readonly [string, Value])[] {
  return modes.map(([name, isOn]) => {
    const method = (own: string, body: Parameters<typeof nativeMethod>[1]) =>
      nativeMethod(`torch.${name}.${own}`, body);
    const cls = makeNativeClass(`torch.${name}`, [], {
      __call__: method('__call__', (self, { positional: [first] }) =>
        first?.kind === 'function' || first?.kind === 'class' ? first : self,
      ),
      __enter__: method('__enter__', (self) => {
        state().tracer.enterGradientMode(isOn);
        return self;
      }),
      __exit__: method('__exit__', () => {
        state().tracer.leaveGradientMode();
        return none;
      }),
    });
    const mode: InstanceValue = { kind: 'instance', class: cls, attributes: new Map(), made: [] };
    return [name, mode];
  });
}
