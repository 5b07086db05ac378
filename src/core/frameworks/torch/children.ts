import { trueValue } from '../../python/make';
import type { CallArguments, ClassValue, InstanceValue, Value } from '../../python/values';
import { constructLayer, Layer, LayerPayload } from './layer';

const noArguments: CallArguments = {
  positional: [],
  named: new Map(),
  positionalSpans: [],
  namedSpans: new Map(),
};

/** A submodule that a layer makes for itself; `className` is for people, it has no forward of its own. */
export function constructChild(parent: Layer, attribute: string, className: string): Layer {
  const child = instanceOf(parent.state.moduleClass, parent);
  child.payload = new LayerPayload(className, className);
  parent.set(attribute, child);
  return new Layer(parent.state, child, parent.context);
}

/** A submodule of a known layer: `Linear`. */
export function constructLayerChild(
  parent: Layer,
  attribute: string,
  layerName: string,
  positional: readonly Value[],
  named: Readonly<Record<string, Value>> = {},
): void {
  const known = parent.state.layers.get(layerName);
  if (!known) return;
  const child = instanceOf(known.class, parent);
  const args = { ...noArguments, positional, named: new Map(Object.entries(named)) };
  constructLayer(new Layer(parent.state, child, parent.context), known.entry, args);
  parent.set(attribute, child);
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
