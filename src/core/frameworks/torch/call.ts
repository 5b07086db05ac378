import type { Dim } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import { parseSignature } from '../../python/arguments';
import { makeUnknown } from '../../python/make';
import type { CallArguments, CallContext, NativeFunctionValue, Value } from '../../python/values';
import { dimOf, numberOf } from '../tensor/dimValues';
import type { ElementwiseOperand } from '../tensor/elementwise';
import { addUnknown, type Site } from '../tensor/trace';
import { onComplexTensors } from './complexTensors';
import { bindLeniently, type LenientArguments } from './signature';
import type { TensorPayload, TorchState } from './state';

/** One call of a native function with its arguments bound by name. */
export class TorchCall {
  constructor(
    readonly state: TorchState,
    readonly context: CallContext,
    /** Qualified: `torch.nn.functional.relu`. */
    readonly name: string,
    readonly args: LenientArguments,
    /** A function called in place of a method or layer keeps their site. */
    private readonly ownSite?: Site,
  ) {}

  get shortName(): string {
    return this.name.slice(this.name.lastIndexOf('.') + 1);
  }

  value(name: string): Value | undefined {
    return this.args.values.get(name);
  }

  /** Given and not None. */
  has(name: string): boolean {
    const value = this.value(name);
    return value !== undefined && value.kind !== 'none';
  }

  payload(name: string): TensorPayload | undefined {
    return this.state.payloadOf(this.value(name));
  }

  tensor(name: string): TracedTensor | undefined {
    return this.state.tensorOf(this.value(name));
  }

  /** Every tensor among the arguments, in order, those of lists and tuples among them. */
  tensors(): readonly TensorPayload[] {
    return [...this.args.values.values(), ...this.args.rest]
      .flatMap((value) => (value.kind === 'tuple' || value.kind === 'list' ? value.items : [value]))
      .map((value) => this.state.payloadOf(value))
      .filter((payload) => payload !== undefined);
  }

  /** The same call with more arguments, which those that it has already go before. */
  with(more: ReadonlyMap<string, Value>): TorchCall {
    const values = new Map([...more, ...this.args.values]);
    return new TorchCall(this.state, this.context, this.name, { values, rest: this.args.rest }, this.ownSite);
  }

  /** The same call of other values. */
  mapped(map: (value: Value) => Value): TorchCall {
    const values = new Map([...this.args.values].map(([name, value]) => [name, map(value)]));
    return new TorchCall(this.state, this.context, this.name, { values, rest: this.args.rest.map(map) }, this.ownSite);
  }

  /** A tensor or a Python number. */
  operand(name: string): ElementwiseOperand | undefined {
    return this.tensor(name) ?? numberOf(this.value(name));
  }

  number(name: string): number | undefined {
    return numberOf(this.value(name));
  }

  int(name: string): number | undefined {
    const value = this.number(name);
    return value !== undefined && Number.isInteger(value) ? value : undefined;
  }

  dim(name: string): Dim {
    return dimOf(this.value(name));
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : this.context.truth(value);
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    return value?.kind === 'str' ? value.value : undefined;
  }

  /** A tuple or list of integers, or one integer. */
  ints(name: string): readonly number[] | undefined {
    return intsOf(this.value(name));
  }

  /** A number for each of `count` axes, from one number or a sequence of them. */
  perAxis(name: string, count: number): readonly number[] | undefined {
    return perAxisOf(this.value(name), count);
  }

  /** Sizes given as `f(2, 3)`, `f((2, 3))` or by name. */
  sizes(name: string): readonly Dim[] | undefined {
    const { rest } = this.args;
    const named = this.value(name);
    if (named !== undefined) return sizesOf(named);
    const [only] = rest;
    if (rest.length === 1 && only && only.kind !== 'int') return sizesOf(only);
    return rest.map(dimOf);
  }

  site(label?: string): Site {
    if (this.ownSite) return label === undefined ? this.ownSite : { ...this.ownSite, label };
    const name = this.shortName.replace(/^_+|_+$/g, '') || this.shortName;
    return { trail: this.context.trail, name: this.state.freeName(name), label: label ?? name };
  }

  result(tensor: TracedTensor | undefined): Value | undefined {
    return tensor && this.state.tensorValue(tensor);
  }

  /**
   * Outside a model, where training and evaluation code stands, nothing is recorded until something depends on it.
   * An unknown node that keeps the graph connected where a tensor takes part, else an unknown value.
   */
  unknown(reason: string, shape?: readonly Dim[]): Value {
    const given = [...this.args.values.values(), ...this.args.rest];
    const inputs = this.tensors().map(({ tensor }) => tensor);
    const { session } = this.state;
    if (inputs.length > 0) {
      const site = this.site();
      if (!session.isInsideModel) {
        return this.state.lazyTensor(shape, () => addUnknown(session, reason, inputs, shape, site));
      }
      this.context.unknown(reason);
      return this.state.tensorValue(addUnknown(session, reason, inputs, shape, site));
    }
    const cause = given.find((value) => value.kind === 'unknown');
    if (cause) return cause;
    return session.isInsideModel ? this.context.unknown(reason) : makeUnknown(reason, this.context.trail[0]);
  }
}

/** Undefined from `call` says that the arguments did not suffice. */
export interface NativeFunction {
  readonly name: string;
  readonly signature: string;
  readonly call: (call: TorchCall) => Value | undefined;
}

export function nativeFunction(state: () => TorchState, entry: NativeFunction): NativeFunctionValue {
  return {
    kind: 'native',
    name: entry.name,
    call: (args, context) => callNative(state(), entry, args, context),
  };
}

export function callNative(
  state: TorchState,
  entry: NativeFunction,
  args: CallArguments,
  context: CallContext,
  site?: Site,
): Value {
  const call = bindCall(state, entry, args, context, site);
  return resultOf(entry, call) ?? call.unknown(`the arguments of ${entry.name} are not known well enough`);
}

/** What an entry makes of a call, whose tensors may be complex. */
export function resultOf(entry: NativeFunction, call: TorchCall): Value | undefined {
  return onComplexTensors(entry, call) ?? entry.call(call);
}

export function bindCall(
  state: TorchState,
  entry: NativeFunction,
  args: CallArguments,
  context: CallContext,
  site?: Site,
): TorchCall {
  return new TorchCall(state, context, entry.name, bindLeniently(parseSignature(entry.signature), args), site);
}

/** A function that nothing is known of but its name. */
export function unknownEntry(name: string): NativeFunction {
  return { name, signature: '*args', call: (call) => call.unknown(`${name} is not known yet`) };
}

export function intsOf(value: Value | undefined): readonly number[] | undefined {
  const single = numberOf(value);
  if (single !== undefined) return [single];
  if (value?.kind !== 'tuple' && value?.kind !== 'list') return undefined;
  const numbers = value.items.map(numberOf).filter((item) => item !== undefined);
  return numbers.length === value.items.length ? numbers : undefined;
}

export function perAxisOf(value: Value | undefined, count: number): readonly number[] | undefined {
  const numbers = intsOf(value);
  const [only] = numbers ?? [];
  if (numbers?.length === 1 && only !== undefined) return Array.from({ length: count }, () => only);
  return numbers?.length === count ? numbers : undefined;
}

export function sizesOf(value: Value): readonly Dim[] | undefined {
  if (value.kind === 'tuple' || value.kind === 'list') return value.items.map(dimOf);
  return value.kind === 'int' ? [dimOf(value)] : undefined;
}
