import type { Dim, Shape } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import { parseSignature } from '../../python/arguments';
import type {
  CallArguments,
  CallContext,
  ClassValue,
  InstanceValue,
  NativeFunctionValue,
  Value,
} from '../../python/values';
import type { TraceSession } from '../framework';
import { dimOf, numberOf } from '../tensor/dimValues';
import type { ElementwiseOperand } from '../tensor/elementwise';
import { addUnknown, type Site } from '../tensor/trace';

/** What an array instance carries. The node is made when something first needs it, so that data that reaches no model leaves none. */
export class ArrayPayload {
  #tensor: TracedTensor | undefined;

  constructor(
    readonly shape: Shape,
    private readonly make: () => TracedTensor,
    /** All elements of an array of one axis, in order, where they are known and few. */
    readonly values?: readonly number[],
  ) {}

  get tensor(): TracedTensor {
    this.#tensor ??= this.make();
    return this.#tensor;
  }
}

/** The arrays of one framework during the evaluation of one file. */
export interface ArrayRoom {
  readonly session: TraceSession;
  readonly arrayClass: ClassValue;
  /** True where networks are written in plain arrays, so that a product with a drawn matrix says what unknown data looks like. */
  readonly takesUnknownData?: boolean;
  /** The path of what a function of this name makes of these values, where the framework names it. */
  readonly operationPath?: (name: string, values: readonly Value[]) => string | undefined;
}

/** What a call of an array function gives; undefined says that the arguments did not suffice. */
export interface ArrayFunction {
  /** As in Python; the first argument is `x` whatever the frameworks call it. */
  readonly signature: string;
  readonly call: (call: ArrayCall) => Value | undefined;
}

export type ArrayFunctions = Readonly<Record<string, ArrayFunction>>;

/** Arguments by name, and the positional ones that a star takes. Names that the signature lacks are kept: frameworks name alike things differently. */
export interface LooseArguments {
  readonly values: ReadonlyMap<string, Value>;
  readonly rest: readonly Value[];
}

/** Names under which the frameworks take the first argument. */
const firstNames = [
  'x',
  'x1',
  'a',
  'm',
  'ary',
  'input',
  'inputs',
  'input_tensor',
  'tensor',
  'array',
  'features',
  'logits',
  'values',
  'arrays',
  'xs',
  'object',
  'value',
  'params',
];
const secondNames = ['y', 'x2', 'b'];

export class ArrayCall {
  constructor(
    readonly room: ArrayRoom,
    readonly context: CallContext,
    /** Without its module: `maximum`. */
    readonly name: string,
    readonly args: LooseArguments,
    readonly path?: string,
  ) {}

  get session(): TraceSession {
    return this.room.session;
  }

  value(name: string): Value | undefined {
    return this.args.values.get(name);
  }

  get first(): Value | undefined {
    return this.#named(firstNames);
  }

  get second(): Value | undefined {
    return this.#named(secondNames);
  }

  get tensor(): TracedTensor | undefined {
    return tensorOf(this.first);
  }

  flag(name: string): boolean {
    const value = this.value(name);
    return value !== undefined && this.context.truth(value) === true;
  }

  number(name: string): number | undefined {
    return numberOf(this.value(name));
  }

  /** `axis=None` gives undefined, an integer a list of one; null where it is not known. */
  axes(name = 'axis'): readonly number[] | undefined | null {
    const value = this.value(name);
    if (value === undefined || value.kind === 'none') return undefined;
    const single = numberOf(value);
    if (single !== undefined) return [single];
    const items = this.context.iterate(value)?.map(numberOf);
    return items?.every((item) => item !== undefined) ? items : null;
  }

  /** Sizes given as `f(2, 3)`, `f((2, 3))`, an integer, or by name. */
  sizes(name: string): readonly Dim[] | undefined {
    const { rest } = this.args;
    const named = this.value(name);
    return sizesOf(named ?? (rest.length === 1 ? rest[0] : { kind: 'tuple', items: rest }), this.context);
  }

  /** The tensors of a list or tuple; undefined where it holds anything else. */
  tensors(value: Value | undefined): readonly TracedTensor[] | undefined {
    const items = value && this.context.iterate(value);
    const tensors = items?.map(tensorOf);
    return tensors?.every((tensor) => tensor !== undefined) ? tensors : undefined;
  }

  get site(): Site {
    return { trail: this.context.trail, name: this.name, ...(this.path !== undefined && { path: this.path }) };
  }

  result(tensor: TracedTensor): InstanceValue {
    return arrayValue(this.room, tensor);
  }

  /** An unknown node that keeps the graph connected where a tensor takes part, else an unknown value. */
  unknown(reason: string, shape?: readonly Dim[]): Value {
    const given = [...this.args.values.values(), ...this.args.rest];
    const inputs = given
      .flatMap((value) => (value.kind === 'tuple' || value.kind === 'list' ? value.items : [value]))
      .map(tensorOf)
      .filter((tensor) => tensor !== undefined);
    const cause = given.find((value) => value.kind === 'unknown');
    if (inputs.length === 0) return cause ?? this.context.unknown(reason);
    return this.result(addUnknown(this.session, reason, inputs, shape, this.site));
  }

  #named(names: readonly string[]): Value | undefined {
    for (const name of names) {
      const value = this.value(name);
      if (value) return value;
    }
    return undefined;
  }
}

/** The traced tensor of any framework's array instance. */
export function tensorOf(value: Value | undefined): TracedTensor | undefined {
  if (value?.kind !== 'instance') return undefined;
  const { payload } = value;
  if (payload instanceof ArrayPayload) return payload.tensor;
  if (typeof payload !== 'object' || payload === null || !('tensor' in payload)) return undefined;
  const { tensor } = payload;
  return isTracedTensor(tensor) ? tensor : undefined;
}

/** The shape without making a node. */
export function shapeOf(value: Value | undefined): Shape {
  if (value?.kind === 'instance' && value.payload instanceof ArrayPayload) return value.payload.shape;
  return tensorOf(value)?.shape;
}

export function knownValues(value: Value | undefined): readonly number[] | undefined {
  return value?.kind === 'instance' && value.payload instanceof ArrayPayload ? value.payload.values : undefined;
}

export function arrayValue(room: ArrayRoom, tensor: TracedTensor): InstanceValue {
  return payloadValue(room, new ArrayPayload(tensor.shape, () => tensor));
}

export function payloadValue(room: ArrayRoom, payload: ArrayPayload): InstanceValue {
  return { kind: 'instance', class: room.arrayClass, attributes: new Map(), payload, made: [] };
}

/** A tensor or a Python number. */
export function operandOf(value: Value | undefined): ElementwiseOperand | undefined {
  return numberOf(value) ?? tensorOf(value);
}

/** The sizes that an integer, a sequence of integers or a shape names; None is a size not known. */
export function sizesOf(value: Value | undefined, context: CallContext): readonly Dim[] | undefined {
  if (!value) return undefined;
  if (numberOf(value) !== undefined) return [dimOf(value)];
  return context.iterate(value)?.map(dimOf);
}

export function nativeArrayFunction(
  room: () => ArrayRoom,
  qualifiedName: string,
  entry: ArrayFunction,
): NativeFunctionValue {
  const name = qualifiedName.slice(qualifiedName.lastIndexOf('.') + 1);
  return {
    kind: 'native',
    name: qualifiedName,
    call: (args, context) => {
      const path = room().operationPath?.(qualifiedName, [...args.positional, ...args.named.values()]);
      const call = new ArrayCall(room(), context, name, bindLoosely(entry.signature, args), path);
      return entry.call(call) ?? call.unknown(`the arguments of ${qualifiedName} are not known well enough`);
    },
  };
}

/** Tells a traced tensor from everything else. */
export function isTracedTensor(value: unknown): value is TracedTensor {
  return typeof value === 'object' && value !== null && 'node' in value && typeof value.node === 'number';
}

function bindLoosely(signature: string, args: CallArguments): LooseArguments {
  const values = new Map<string, Value>();
  const parameters = parseSignature(signature);
  const star = parameters.findIndex(({ form }) => form === '*');
  const names = parameters.slice(0, star < 0 ? parameters.length : star).map(({ name }) => name);
  for (const parameter of parameters) if (parameter.default) values.set(parameter.name, parameter.default);
  for (const [index, name] of names.entries()) {
    const value = args.positional[index];
    if (value) values.set(name, value);
  }
  for (const [name, value] of args.named) values.set(name, value);
  return { values, rest: args.positional.slice(names.length) };
}
