import type { Span } from '../span';
import type { DeferredNames } from './deferredNames';
import type { SourceModule } from './sourceModule';
import type { ClassDefinition, FunctionLike } from './syntax';

/**
 * Values of the partial evaluator. They follow Python's data model: behaviour hangs on classes, found through the MRO, so that a
 * framework plugs in by offering native classes and functions and the evaluator needs to know none.
 */
export type Value =
  | NoneValue
  | BoolValue
  | IntValue
  | FloatValue
  | StrValue
  | BytesValue
  | EllipsisValue
  | TupleValue
  | ListValue
  | DictValue
  | SetValue
  | RangeValue
  | SliceValue
  | FunctionValue
  | BoundMethodValue
  | NativeFunctionValue
  | PropertyValue
  | StaticMethodValue
  | ClassMethodValue
  | ClassValue
  | InstanceValue
  | SuperValue
  | ModuleValue
  | UnknownValue;

export interface NoneValue {
  readonly kind: 'none';
}
export interface BoolValue {
  readonly kind: 'bool';
  readonly value: boolean;
}
/** `perBatch` k says that the integer is k × batch size: a symbolic batch dimension that also has a concrete value. */
export interface IntValue {
  readonly kind: 'int';
  readonly value: number;
  readonly perBatch?: number;
}
export interface FloatValue {
  readonly kind: 'float';
  readonly value: number;
}
export interface StrValue {
  readonly kind: 'str';
  readonly value: string;
}
export interface BytesValue {
  readonly kind: 'bytes';
  readonly length: number;
}
export interface EllipsisValue {
  readonly kind: 'ellipsis';
}
export interface TupleValue {
  readonly kind: 'tuple';
  readonly items: readonly Value[];
  /** A framework's class derived from tuple, such as `torch.Size`; else it is a plain one. */
  readonly class?: ClassValue;
}
export interface ListValue {
  readonly kind: 'list';
  readonly items: Value[];
}
export interface DictValue {
  readonly kind: 'dict';
  /** Insertion-ordered; keyed by `keyOf(key)`. */
  readonly entries: Map<string, { readonly key: Value; value: Value }>;
}
export interface SetValue {
  readonly kind: 'set';
  readonly entries: Map<string, Value>;
}
export interface RangeValue {
  readonly kind: 'range';
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}
export interface SliceValue {
  readonly kind: 'slice';
  readonly start: Value;
  readonly stop: Value;
  readonly step: Value;
  /** How many elements it takes, where the bounds are not known but their difference is: `i : i + n`. */
  readonly length?: number;
}

/** A `def` or `lambda` of the user's. */
export interface FunctionValue {
  readonly kind: 'function';
  readonly name: string;
  readonly definition: FunctionLike;
  readonly file: string;
  readonly closure: Scope;
  /** Default values by parameter name, evaluated at definition. */
  readonly defaults: ReadonlyMap<string, Value>;
  /** The class in whose body it was defined, for zero-argument `super()`. */
  readonly owner?: ClassValue;
  readonly attributes: Map<string, Value>;
}
export interface BoundMethodValue {
  readonly kind: 'method';
  readonly self: Value;
  readonly function: FunctionValue | NativeFunctionValue;
}
export interface NativeFunctionValue {
  readonly kind: 'native';
  /** Qualified: `torch.nn.functional.relu`. */
  readonly name: string;
  /** Errors are not thrown: what cannot be worked out is an unknown with its reason. As a class attribute it binds `self` first. */
  readonly call: (args: CallArguments, context: CallContext) => Value;
}
export interface PropertyValue {
  readonly kind: 'property';
  readonly get: FunctionValue | NativeFunctionValue;
  readonly set?: FunctionValue | NativeFunctionValue;
  readonly delete?: FunctionValue | NativeFunctionValue;
}
export interface StaticMethodValue {
  readonly kind: 'staticmethod';
  readonly function: Value;
}
export interface ClassMethodValue {
  readonly kind: 'classmethod';
  readonly function: Value;
}
export interface ClassValue {
  readonly kind: 'class';
  /** Qualified for native ones: `torch.nn.Linear`. */
  readonly name: string;
  /** Unknown bases are kept: what they might define stays unknown. */
  readonly bases: readonly Value[];
  /** Method resolution order, itself first (C3; linear fallback). */
  readonly mro: readonly ClassValue[];
  readonly namespace: Map<string, Value>;
  readonly definition?: ClassDefinition;
  readonly file?: string;
  readonly isNative: boolean;
  /** The class of the class, where it is not `type`. */
  metaclass?: ClassValue | undefined;
  /** The only attributes its objects take, where every class of the resolution order says so by `__slots__`. */
  slots?: ReadonlySet<string> | undefined;
  /** Names of abstract methods still to be defined: it cannot be instantiated. */
  abstractNames?: readonly string[] | undefined;
}
export interface InstanceValue {
  readonly kind: 'instance';
  readonly class: ClassValue;
  readonly attributes: Map<string, Value>;
  /** What a framework keeps with the object (a tensor's node and shape, a module's parameters). Only its maker looks inside. */
  payload?: unknown;
  /** Where it was constructed, innermost first: the constructor call, then the calls it happened in. */
  readonly made: CallTrail;
  /** What its class, written in Python, was called with. */
  construction?: CallArguments;
}
export interface SuperValue {
  readonly kind: 'super';
  readonly self: Value;
  readonly after: ClassValue;
}
export interface ModuleValue {
  readonly kind: 'module';
  /** Dotted: `torch.nn.functional`, `models.resnet`. */
  readonly name: string;
  /** Undefined where the module has no such name. */
  readonly lookup: (name: string) => Value | undefined;
  /** Of a module that is read from a file. */
  readonly source?: SourceModule;
  /** Called before a star import looks at `__all__`: what adds to it has to have run. */
  readonly prepareExports?: () => void;
  /** What a star import brings where there is no `__all__` and it is known. */
  readonly names?: () => readonly string[];
  /** Of a module that is read from a file. */
  readonly scope?: Scope;
}
export interface UnknownValue {
  readonly kind: 'unknown';
  readonly reason: string;
  readonly span: Span | undefined;
}

/** A namespace with its enclosing one; class bodies are not enclosing for functions. */
export interface Scope {
  readonly kind: 'module' | 'function' | 'class';
  readonly names: Map<string, Value>;
  readonly parent: Scope | undefined;
  /** Of another file's module. */
  deferred?: DeferredNames;
}

/** Source positions of a call and of the calls it happened in, innermost first; bounded in length. */
export type CallTrail = readonly Span[];

export interface CallArguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
  /** Spans of the arguments' expressions where written out, by position and by name. */
  readonly positionalSpans: readonly (Span | undefined)[];
  readonly namedSpans: ReadonlyMap<string, Span>;
  /** An unpacked `*x` or `**x` of unknown content: any parameter not given may come from it. */
  readonly rest?: UnknownValue;
}

/** What a native function may ask of the evaluator. */
export interface CallContext {
  /** The call's place and the calls around it. */
  readonly trail: CallTrail;
  /** Calls any callable value. Never throws. */
  call(callee: Value, positional: readonly Value[], named?: ReadonlyMap<string, Value>): Value;
  getAttribute(object: Value, name: string): Value;
  setAttribute(object: Value, name: string, value: Value): void;
  getItem(object: Value, index: Value): Value;
  /** The elements where they are known and few enough, else undefined. */
  iterate(value: Value): readonly Value[] | undefined;
  /** Python's truth value; undefined where unknown. */
  truth(value: Value): boolean | undefined;
  binary(operator: string, left: Value, right: Value): Value;
  /** Records an unknown at the current place and returns it as a value. */
  unknown(reason: string): UnknownValue;
  /** Records an assumption made to go on. */
  assume(what: string, value: string, span?: Span): void;
  /** How often gradients have been used or cleared: what is differentiated at the same count adds up. */
  readonly gradientRounds: number;
  /** True once fuel, depth, time or the cancel signal has run out. */
  readonly isExhausted: boolean;
}

/** What the evaluator asks of the frameworks: modules by dotted name. */
export interface FrameworkModules {
  /** Undefined where no framework knows the module. */
  module(dottedName: string): ModuleValue | undefined;
}
