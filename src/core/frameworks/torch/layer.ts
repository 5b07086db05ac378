import { ones, uniform, zeros } from '../../network/initialisers';
import type { Distribution } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import { parseSignature } from '../../python/arguments';
import { makeInt, makeTuple, none, trueValue } from '../../python/make';
import type { CallArguments, CallContext, ClassValue, InstanceValue, Value } from '../../python/values';
import { numberOf } from '../tensor/dimValues';
import { callNative, intsOf, type NativeFunction, nativeFunction, perAxisOf, type TorchCall } from './call';
import { type Method, methods, nativeClass } from './nativeClass';
import { bindLeniently } from './signature';
import type { TorchState } from './state';

/** One layer: its constructor as in PyTorch 2.13, the parameters it makes, and what it does. */
export interface LayerEntry {
  readonly name: string;
  /** The package it stands in; `torch.nn` where none is given. */
  readonly home?: string;
  readonly signature: string;
  /** Makes the parameters and the attributes that differ from the arguments. */
  readonly build?: (layer: Layer) => void;
  /** Signature of forward; `input` where there is none. */
  readonly forwardSignature?: string;
  /** Undefined says that the arguments did not suffice. */
  readonly forward: (layer: Layer, call: TorchCall) => Value | undefined;
  /** Methods besides forward. */
  readonly methods?: Readonly<Record<string, LayerMethod>>;
  /** Functions that are called on the class. */
  readonly statics?: Readonly<Record<string, { readonly signature: string; readonly call: NativeFunction['call'] }>>;
}

export interface LayerMethod {
  readonly signature: string;
  readonly call: (layer: Layer, call: TorchCall) => Value | undefined;
}

/** Reads a layer's attributes, as its forward does in PyTorch: user code may have changed them. */
export class Layer {
  constructor(
    readonly state: TorchState,
    readonly instance: InstanceValue,
    readonly context: CallContext,
  ) {}

  get(name: string): Value | undefined {
    return this.instance.attributes.get(name);
  }

  set(name: string, value: Value): void {
    this.instance.attributes.set(name, value);
  }

  int(name: string): number | undefined {
    const value = this.number(name);
    return value !== undefined && Number.isInteger(value) ? value : undefined;
  }

  number(name: string): number | undefined {
    return numberOf(this.get(name));
  }

  /** Undefined where it is not known; an absent or None flag is false. */
  flag(name: string): boolean | undefined {
    const value = this.get(name);
    return value === undefined ? false : this.context.truth(value);
  }

  text(name: string): string | undefined {
    const value = this.get(name);
    return value?.kind === 'str' ? value.value : undefined;
  }

  ints(name: string): readonly number[] | undefined {
    return intsOf(this.get(name));
  }

  perAxis(name: string, count: number): readonly number[] | undefined {
    return perAxisOf(this.get(name), count);
  }

  /** Widens `3` to `(3, 3)`, as the constructors of convolutions do. */
  widen(name: string, count: number): void {
    const numbers = this.perAxis(name, count);
    if (numbers) this.set(name, makeTuple(numbers.map((value) => makeInt(value))));
  }

  /** Registers a parameter; of unknown shape it is an unknown value. */
  parameter(name: string, shape: readonly (number | undefined)[], distribution: Distribution, scheme: string): void {
    const sizes = shape.filter((size) => size !== undefined && size >= 0 && Number.isInteger(size)) as number[];
    if (sizes.length < shape.length) {
      this.set(name, { kind: 'unknown', reason: unsizedReason(name), span: this.context.trail[0] });
      return;
    }
    const initialiser = { distribution, scheme, isDefault: true };
    // A flag of the same name (`bias=True`) gives up its place, so that parameters keep the order of registration.
    this.instance.attributes.delete(name);
    this.set(name, this.state.parameterValue(sizes, initialiser, this.instance.made));
  }

  /** A parameter that a layer does without still has its place among them. */
  withoutParameter(name: string): void {
    this.instance.attributes.delete(name);
    this.set(name, none);
  }

  /** Weight of ones and bias of zeros, as norms have them. */
  affine(shape: readonly (number | undefined)[], hasWeight: boolean | undefined, hasBias: boolean | undefined): void {
    if (hasWeight) this.parameter('weight', shape, ones, 'ones');
    else this.withoutParameter('weight');
    if (hasBias) this.parameter('bias', shape, zeros, 'zeros');
    else this.withoutParameter('bias');
  }

  /** Default of Linear and Conv: kaiming_uniform_(a=√5) is U(±1/√fan_in) (PyTorch 2.13, `Linear.reset_parameters`). */
  fanInParameter(name: string, shape: readonly (number | undefined)[], fanIn: number | undefined): void {
    const scheme = name.endsWith('bias') ? 'uniform_(±1/√fan_in)' : 'kaiming_uniform_(a=√5)';
    const bound = fanIn === undefined ? Number.NaN : fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
    this.parameter(name, shape, uniform(-bound, bound), scheme);
  }

  result(tensor: TracedTensor | undefined): Value | undefined {
    return tensor && this.state.tensorValue(tensor);
  }
}

function unsizedReason(name: string): string {
  return `the shape of ${name} is not known`;
}

/** True for what a layer has in place of a parameter of this name whose shape is not known. */
export function isUnsized(name: string, value: Value): boolean {
  return value.kind === 'unknown' && value.reason === unsizedReason(name);
}

export function qualifiedName(entry: LayerEntry): string {
  return `${entry.home ?? 'torch.nn'}.${entry.name}`;
}

/** What a layer remembers of its construction. */
export class LayerPayload {
  constructor(
    readonly name: string,
    /** For people: `Linear(784, 256)`. */
    readonly label: string,
  ) {}
}

export function layerClass(state: () => TorchState, entry: LayerEntry, base: ClassValue): ClassValue {
  const name = qualifiedName(entry);
  const shortName = snakeCase(entry.name);
  const own = Object.entries(entry.methods ?? {}).map(([method, { signature, call }]): [string, Method] => [
    method,
    (self, args, context) => {
      if (self.kind !== 'instance') return context.unknown(`${name}.${method} is called on something else`);
      const layer = new Layer(state(), self, context);
      const native = { name: `${name}.${method}`, signature, call: (bound: TorchCall) => call(layer, bound) };
      return callNative(state(), native, args, context);
    },
  ]);
  const statics = Object.entries(entry.statics ?? {}).map(([method, { signature, call }]): [string, Value] => {
    const native = { name: `${name}.${method}`, signature, call };
    return [method, { kind: 'staticmethod', function: nativeFunction(state, native) }];
  });
  return nativeClass(name, base, [
    ...statics,
    ...methods(name, {
      ...Object.fromEntries(own),
      __init__: (self, args, context) => {
        if (self.kind !== 'instance') return context.unknown(`${name} is made of something else`);
        constructLayer(new Layer(state(), self, context), entry, args);
        return none;
      },
      forward: (self, args, context) => {
        if (self.kind !== 'instance') return context.unknown(`${name} is applied to something else`);
        return forwardLayer(state(), self, entry, shortName, args, context);
      },
    }),
  ]);
}

export function constructLayer(layer: Layer, entry: LayerEntry, args: CallArguments): void {
  const bound = bindLeniently(parseSignature(entry.signature), args);
  layer.set('training', trueValue);
  for (const [name, value] of bound.values) {
    if (name !== 'device' && name !== 'dtype') layer.set(name, value);
  }
  layer.instance.payload = new LayerPayload(entry.name, `${entry.name}(${argumentsText(args)})`);
  entry.build?.(layer);
}

function forwardLayer(
  state: TorchState,
  instance: InstanceValue,
  entry: LayerEntry,
  shortName: string,
  args: CallArguments,
  context: CallContext,
): Value {
  const layer = new Layer(state, instance, context);
  const label = instance.payload instanceof LayerPayload ? instance.payload.label : entry.name;
  const site = state.layerSite(instance, shortName, label, context.trail);
  return callNative(
    state,
    {
      name: qualifiedName(entry),
      signature: entry.forwardSignature ?? 'input',
      call: (call) => entry.forward(layer, call),
    },
    args,
    context,
    site,
  );
}

function argumentsText(args: CallArguments): string {
  const named = [...args.named].map(([name, value]) => [name, valueText(value)] as const);
  return [
    ...args.positional.map(valueText),
    ...named.map(([name, value]) => (value === undefined ? undefined : `${name}=${value}`)),
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

function valueText(value: Value): string | undefined {
  switch (value.kind) {
    case 'int':
      return String(value.value);
    case 'float':
      return Number.isInteger(value.value) ? value.value.toFixed(1) : String(value.value);
    case 'bool':
      return value.value ? 'True' : 'False';
    case 'str':
      return `'${value.value}'`;
    case 'tuple':
    case 'list': {
      const items = value.items.map(valueText);
      return items.length <= 4 && items.every((item) => item !== undefined) ? `(${items.join(', ')})` : '…';
    }
    default:
      return undefined;
  }
}

/** `MaxPool2d` → `max_pool2d`, as PyTorch names the functions; acronyms stay together: `GELU` → `gelu`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}
