import type { NodeId } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import { getEntry, makeStr } from '../../python/make';
import type { ClassValue, DictValue, InstanceValue, Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { type ArrayRoom, arrayValue, tensorOf } from '../numpy/arrays';
import { tensorsIn } from '../numpy/numpy';
import { LayerState } from './layerState';

/** Operations whose class is named as one of the layers (Keras 3.15.1). */
const namedAsLayers: ReadonlySet<string> = new Set([
  'add',
  'average',
  'concatenate',
  'dot',
  'elu',
  'maximum',
  'minimum',
  'multiply',
  're_lu',
  'reshape',
  'softmax',
  'subtract',
]);

export interface KerasClasses {
  readonly tensor: ClassValue;
  readonly layer: ClassValue;
  readonly inputLayer: ClassValue;
  readonly model: ClassValue;
  readonly sequential: ClassValue;
  readonly initialiser: ClassValue;
}

/** Classes and bookkeeping of one file's evaluation. */
export class KerasState implements ArrayRoom {
  readonly #usedNames = new Map<string, number>();
  /** For each node, by id, whether it leads from an `Input`. */
  readonly #isSymbolic: boolean[] = [];
  readonly #inputNodes = new Set<NodeId>();
  readonly #layerOfNode = new Map<NodeId, InstanceValue>();
  readonly #scopes: string[] = [];
  readonly #counters = new Map<string, number>();
  /** What `get_custom_objects` gives, and what scopes of custom objects add. */
  readonly customObjects: DictValue = { kind: 'dict', entries: new Map() };
  imageDataFormat = 'channels_last';
  #depth = 0;
  #application = 0;
  #outermost: InstanceValue | undefined;

  constructor(
    readonly session: TraceSession,
    readonly classes: KerasClasses,
  ) {}

  get arrayClass(): ClassValue {
    return this.classes.tensor;
  }

  tensorValue(tensor: TracedTensor): InstanceValue {
    return arrayValue(this, tensor);
  }

  isLayer(value: Value | undefined): value is InstanceValue {
    return value?.kind === 'instance' && value.class.mro.includes(this.classes.layer);
  }

  isModel(value: Value | undefined): value is InstanceValue {
    return value?.kind === 'instance' && value.class.mro.includes(this.classes.model);
  }

  isSequential(value: InstanceValue): boolean {
    return value.class.mro.includes(this.classes.sequential);
  }

  /** The state of a layer, made where its constructor did not call that of its base. Without a name it gets the next of its class. */
  stateOf(layer: InstanceValue, name?: Value, className = layer.class.name): LayerState {
    if (layer.payload instanceof LayerState) return layer.payload;
    const state = new LayerState(name?.kind === 'str' ? name.value : this.autoName(className));
    layer.payload = state;
    return state;
  }

  /** `Conv2D` gives `conv2d`, then `conv2d_1` (Keras 3.15 `utils/naming.py`, `auto_name`). */
  autoName(className: string): string {
    const prefix = snakeCase(className.slice(className.lastIndexOf('.') + 1));
    const used = this.#usedNames.get(prefix) ?? 0;
    this.#usedNames.set(prefix, used + 1);
    return used === 0 ? prefix : `${prefix}_${used}`;
  }

  /** Operations on placeholders are named as layers are, and count with them (Keras 3.15 `Operation`). */
  operationPath(name: string, values: readonly Value[]): string | undefined {
    const isOutside = this.#depth === 0 && this.#inputNodes.size > 0;
    const own = name === 'keras.activations.relu' ? 're_lu' : name.slice(name.lastIndexOf('.') + 1);
    if (!isOutside || !namedAsLayers.has(own) || !values.some((value) => this.isSymbolic(value))) return undefined;
    return this.autoName(own);
  }

  /** 1, 2, … for each prefix (Keras 3.15 `backend.get_uid`). */
  nextNumber(prefix: string): number {
    const number = (this.#counters.get(prefix) ?? 0) + 1;
    this.#counters.set(prefix, number);
    return number;
  }

  customObject(name: string): Value | undefined {
    return getEntry(this.customObjects, makeStr(name));
  }

  addCustomObjects({ entries }: DictValue): void {
    for (const [key, entry] of entries) this.customObjects.entries.set(key, entry);
  }

  /** Path of a layer in the model that is being applied: `encoder/dense_1`. */
  pathOf(name: string): string {
    return [...this.#scopes, name].join('/');
  }

  /** Path of a layer's own weight, made inside its `build` or outside of it. */
  weightPath(layerName: string, weight: string): string {
    const isInside = this.#scopes.at(-1) === layerName;
    return this.pathOf(isInside ? weight : `${layerName}/${weight}`);
  }

  /** Layers applied inside `body` stand under this name. */
  within<T>(name: string, body: () => T): T {
    this.#scopes.push(name);
    try {
      return this.session.tracer.within(this.#scopes.join('/'), body);
    } finally {
      this.#scopes.pop();
    }
  }

  /** A placeholder, and the layer that stands for it in `model.layers`. */
  addInput(node: NodeId, name: string): void {
    const layer: InstanceValue = { kind: 'instance', class: this.classes.inputLayer, attributes: new Map(), made: [] };
    layer.payload = new LayerState(name);
    this.#inputNodes.add(node);
    this.#layerOfNode.set(node, layer);
  }

  /** True for tensors that stand for the future: those made from `Input` while a functional model is being written down. */
  isSymbolic(value: Value): boolean {
    return tensorsIn(value).some((tensor) => this.#leadsFromInput(tensor.node));
  }

  /** The placeholders that a tensor leads from. */
  sourcesOf(tensor: TracedTensor): readonly TracedTensor[] {
    const { nodes } = this.session.tracer;
    const seen = new Set<NodeId>();
    const open = [tensor.node];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      if (!this.#inputNodes.has(id)) open.push(...(nodes[id]?.inputs ?? []));
    }
    const sources = [...seen].filter((id) => this.#inputNodes.has(id)).sort((a, b) => a - b);
    return sources.map((node) => ({ node, shape: nodes[node]?.outputShape }));
  }

  /** Runs one call of a layer; nodes that an outermost call makes are remembered as the layer's. */
  calling<T>(layer: InstanceValue, body: () => T): T {
    const firstNode = this.session.tracer.nodes.length;
    this.#depth++;
    try {
      return body();
    } finally {
      this.#depth--;
      if (this.#depth === 0) {
        for (let id = firstNode; id < this.session.tracer.nodes.length; id++) this.#layerOfNode.set(id, layer);
      }
    }
  }

  /** Runs the application of a model that nothing encloses: its own name stands before no path. */
  applying<T>(model: InstanceValue, body: () => T): T {
    const outer = this.#outermost;
    this.#outermost = model;
    this.#application++;
    try {
      return body();
    } finally {
      this.#outermost = outer;
    }
  }

  /** Counts applications of outermost models; 0 while definitions are read. */
  get application(): number {
    return this.#application;
  }

  isOutermost(model: InstanceValue): boolean {
    return this.#outermost === model;
  }

  layerOfNode(node: NodeId): InstanceValue | undefined {
    return this.#layerOfNode.get(node);
  }

  /** The tensor that the layer's last outermost call ended with. */
  lastOutputOf(layer: InstanceValue): TracedTensor | undefined {
    let last: NodeId | undefined;
    for (const [node, maker] of this.#layerOfNode) if (maker === layer) last = node;
    return last === undefined ? undefined : { node: last, shape: this.session.tracer.nodes[last]?.outputShape };
  }

  #leadsFromInput(node: NodeId): boolean {
    const { nodes } = this.session.tracer;
    for (let id = this.#isSymbolic.length; id <= node; id++) {
      const inputs = nodes[id]?.inputs ?? [];
      this.#isSymbolic.push(this.#inputNodes.has(id) || inputs.some((input) => this.#isSymbolic[input] === true));
    }
    return this.#isSymbolic[node] === true;
  }
}

/** Tensors of a structure as Keras flattens it: mappings by their keys in order (`keras.tree.flatten`). */
export function tensorsInOrder(value: Value): readonly TracedTensor[] {
  if (value.kind !== 'dict') return tensorsIn(value);
  const entries = [...value.entries.values()].map(
    ({ key, value: entry }) => [key.kind === 'str' ? key.value : '', entry] as const,
  );
  return entries.sort(([first], [second]) => (first < second ? -1 : 1)).flatMap(([, entry]) => tensorsInOrder(entry));
}

/** Tensors of the first argument of a layer's call: one, or those of a list. */
export function inputTensors(value: Value | undefined): readonly TracedTensor[] {
  if (!value) return [];
  const single = tensorOf(value);
  return single ? [single] : tensorsIn(value);
}

function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
