import { trueValue } from '../../python/make';
import type { CallArguments, ClassValue, InstanceValue, Value } from '../../python/values';
import { constructLayer, Layer, type LayerEntry } from './layer';
import { nativeClass } from './nativeClass';

const noArguments: CallArguments = {
  positional: [],
  named: new Map(),
  positionalSpans: [],
  namedSpans: new Map(),
};

/** A submodule of a known layer: `Linear`. */
export function constructLayerChild(
  parent: Layer,
  attribute: string,
  layerName: string,
  positional: readonly Value[],
  named: Readonly<Record<string, Value>> = {},
): Layer | undefined {
  const known = parent.state.layer(layerName);
  return known && constructOf(parent, attribute, known.class, known.entry, positional, named);
}

/** A submodule of a class of its own that is a known layer for `isinstance`, and works as that: `NonDynamicallyQuantizableLinear`, a `Linear`. */
export function constructDerivedChild(
  parent: Layer,
  attribute: string,
  className: string,
  layerName: string,
  positional: readonly Value[],
): Layer | undefined {
  const known = parent.state.layer(layerName);
  return known && constructOf(parent, attribute, nativeClass(className, known.class, []), known.entry, positional, {});
}

function constructOf(
  parent: Layer,
  attribute: string,
  cls: ClassValue,
  entry: LayerEntry,
  positional: readonly Value[],
  named: Readonly<Record<string, Value>>,
): Layer {
  const child = instanceOf(cls, parent);
  const args = { ...noArguments, positional, named: new Map(Object.entries(named)) };
  const layer = new Layer(parent.state, child, parent.context);
  constructLayer(layer, entry, args);
  parent.set(attribute, child);
  return layer;
}

/** A ModuleList of given modules. */
export function constructList(parent: Layer, attribute: string, items: readonly Value[]): void {
  const list = instanceOf(parent.state.moduleListClass, parent);
  for (const [index, item] of items.entries()) list.attributes.set(String(index), item);
  parent.set(attribute, list);
}

function instanceOf(cls: ClassValue, parent: Layer): InstanceValue {
  return { kind: 'instance', class: cls, attributes: new Map([['training', trueValue]]), made: parent.instance.made };
}
