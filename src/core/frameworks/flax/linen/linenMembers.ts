import { makeNative } from '../../../python/nativeClass';
import type { ClassValue, InstanceValue, Value } from '../../../python/values';
import { inertValue } from '../../torch/inert';
import type { FlaxClasses } from '../flaxState';
import type { LayerHost } from '../layerClasses';
import { passed } from '../lookups';
import { compactMark } from './moduleClass';
import type { LinenScopes } from './scopes';

/** How linen keeps the layers of the framework: parameters belong to the scope that a layer has in the model. */
export function linenHost(scopes: () => LinenScopes, base: ClassValue): LayerHost {
  return {
    interface: 'linen',
    base,
    constructed: (layer: InstanceValue) =>
      scopes().constructed(layer, layer.attributes.get('name'), layer.attributes.get('parent')),
    calling: (layer, _args, context, body) => scopes().calling(layer, true, context, body),
    home: (layer) => scopes().home(layer),
  };
}

/** What `flax.linen` has beside layers and functions of arrays. */
export function linenMembers(classes: FlaxClasses): ReadonlyMap<string, Value> {
  return new Map<string, Value>([
    ['Module', classes.linenModule],
    ['compact', marking(compactMark)],
    ['nowrap', marking('nowrap')],
    ['merge_param', mergeParam],
    ...['with_partitioning', 'with_logical_partitioning', 'with_logical_constraint'].map((name) =>
      passed('flax.linen', name),
    ),
    ['dtypes', inertValue()],
  ]);
}

/** A decorator that only marks a method. */
function marking(mark: string): Value {
  return makeNative(`flax.linen.${mark}`, (args) => {
    const [method] = args.positional;
    if (method?.kind === 'function') method.attributes.set(mark, { kind: 'bool', value: true });
    return method ?? { kind: 'none' };
  });
}

const mergeParam = makeNative('flax.linen.merge_param', (args) => {
  const [, own, given] = args.positional;
  return given && given.kind !== 'none' ? given : (own ?? { kind: 'none' });
});
