import { setOwnAttribute } from '../../python/attributes';
import { none } from '../../python/make';
import { makeNativeClass } from '../../python/nativeClass';
import type { ClassValue, InstanceValue, Value } from '../../python/values';
import { nativeMethod } from './nativeClass';

/**
 * Objects that change nothing in the network: optimisers, schedulers, devices, contexts, loaders. Every attribute is another such
 * object, calling one gives one; as a decorator it gives back what it decorates. Derived classes keep the attributes they are given.
 */
export const inertClass: ClassValue = makeNativeClass('torch.Inert', [], {
  __init__: nativeMethod('torch.Inert.__init__', () => none),
  __getattr__: nativeMethod('torch.Inert.__getattr__', another),
  __setattr__: nativeMethod('torch.Inert.__setattr__', (self, args) => {
    const [name, value] = args.positional;
    if (self.kind === 'instance' && self.class !== inertClass && name?.kind === 'str' && value)
      setOwnAttribute(self, name.value, value);
    return none;
  }),
  __call__: nativeMethod('torch.Inert.__call__', (self, args) => decorated(args.positional) ?? another(self)),
  __enter__: nativeMethod('torch.Inert.__enter__', (self) => self),
  __exit__: nativeMethod('torch.Inert.__exit__', () => none),
  __getitem__: nativeMethod('torch.Inert.__getitem__', another),
  __setitem__: nativeMethod('torch.Inert.__setitem__', () => none),
  __iter__: nativeMethod('torch.Inert.__iter__', (_self, _args, context) => ({
    kind: 'unknown',
    reason: 'what a loader yields is known only when the code runs',
    span: context.trail[0],
  })),
  __bool__: nativeMethod('torch.Inert.__bool__', (_self, _args, context) => ({
    kind: 'unknown',
    reason: 'known only when the code runs',
    span: context.trail[0],
  })),
});

/** `GradScaler`: gradients are divided by the scale again before they are used. */
export const scalerClass: ClassValue = makeNativeClass('torch.amp.GradScaler', [inertClass], {
  scale: nativeMethod('torch.amp.GradScaler.scale', (_self, { positional, named }) => {
    return positional[0] ?? named.get('outputs') ?? inertValue();
  }),
  __getattr__: nativeMethod('torch.amp.GradScaler.__getattr__', () => inertValue()),
});

export function inertValue(): InstanceValue {
  return { kind: 'instance', class: inertClass, attributes: new Map(), made: [] };
}

/** An object of a class that the user derives (a data set) is not what its attributes and elements are. */
function another(self: Value): Value {
  return self.kind === 'instance' && self.class !== inertClass ? inertValue() : self;
}

/** The function or class that a decorator without arguments is applied to. */
function decorated(positional: readonly Value[]): Value | undefined {
  const [only] = positional;
  return positional.length === 1 && (only?.kind === 'function' || only?.kind === 'class') ? only : undefined;
}
