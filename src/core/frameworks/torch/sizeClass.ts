import { tupleClass } from '../../python/builtinClasses';
import { makeInt } from '../../python/make';
import { makeNative, makeNativeClass } from '../../python/nativeClass';
import type { ClassValue, Value } from '../../python/values';

/** `torch.Size`: a tuple of sizes (torch 2.13, torch/csrc/Size.cpp). */
export const sizeClass: ClassValue = makeNativeClass('torch.Size', [tupleClass], {
  __new__: makeNative('torch.Size', (args, context) => {
    const [, sizes] = args.positional;
    const items = sizes ? context.iterate(sizes) : [];
    return items ? { kind: 'tuple', items, class: sizeClass } : context.unknown('sizes are not known');
  }),
  numel: makeNative('torch.Size.numel', (args, context) => {
    const sizes = args.positional[0] && context.iterate(args.positional[0]);
    if (!sizes) return context.unknown('sizes are not known');
    return sizes.reduce<Value>((total, size) => context.binary('*', total, size), makeInt(1));
  }),
});
