import type { ParameterId, ParameterUse } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { CallContext, ClassValue, InstanceValue, Value } from '../../python/values';
import type { TraceSession } from '../framework';
import { ArrayPayload, type ArrayRoom, arrayValue, payloadValue, tensorOf } from '../numpy/arrays';
import { addNode } from '../tensor/trace';
import type { InitialiserType } from './initialisers';

export interface FlaxClasses {
  readonly array: ClassValue;
  readonly linenModule: ClassValue;
  readonly nnxModule: ClassValue;
  /** `nnx.Variable`; `nnx.Param` derives from it. */
  readonly variable: ClassValue;
  readonly initialiser: ClassValue;
}

/** What an `nnx.Variable` keeps: the array it holds, and the parameter that it is where its array is drawn. */
export class VariablePayload {
  constructor(
    public value: Value,
    readonly parameter: ParameterId | undefined,
  ) {}

  /** Functions of arrays take a variable as the array that it holds. */
  get tensor(): TracedTensor | undefined {
    return tensorOf(this.value);
  }
}

/** What an initialiser object keeps with its instance. */
export class InitialiserPayload {
  constructor(
    readonly name: string,
    readonly draw: InitialiserType,
  ) {}
}

/** Classes and bookkeeping of one file's evaluation, shared by linen and nnx. */
export class FlaxState implements ArrayRoom {
  /** One node for each parameter read as a tensor in an application. */
  readonly #parameterNodes = new Map<ParameterId, TracedTensor>();
  readonly #paths = new Map<InstanceValue, string>();

  constructor(
    readonly session: TraceSession,
    readonly classes: FlaxClasses,
  ) {}

  get arrayClass(): ClassValue {
    return this.classes.array;
  }

  tensorValue(tensor: TracedTensor): InstanceValue {
    return arrayValue(this, tensor);
  }

  isLinen(value: Value | undefined): value is InstanceValue {
    return value?.kind === 'instance' && value.class.mro.includes(this.classes.linenModule);
  }

  isNnx(value: Value | undefined): value is InstanceValue {
    return value?.kind === 'instance' && value.class.mro.includes(this.classes.nnxModule);
  }

  /** A parameter as an array: the node is made when something reads it. */
  parameterValue(id: ParameterId, context: CallContext): InstanceValue {
    const { tracer } = this.session;
    const { shape } = tracer.parameter(id);
    const tensor = (): TracedTensor => {
      const known = this.#parameterNodes.get(id);
      if (known) return known;
      const { path } = tracer.parameter(id);
      const name = path.slice(path.lastIndexOf('.') + 1) || 'parameter';
      const use: ParameterUse = { role: 'value', parameter: id };
      const site = { trail: context.trail, name, label: path || name, ...(path && { path }) };
      const made = addNode(this.session, { kind: 'parameter' }, [], shape, site, [use]);
      this.#parameterNodes.set(id, made);
      return made;
    };
    return payloadValue(this, new ArrayPayload(shape, tensor));
  }

  /** Path of an nnx module in the model that is being applied. */
  pathOf(module: InstanceValue): string | undefined {
    return this.#paths.get(module);
  }

  /** Runs one application with modules named as `paths` says; parameters get nodes of their own in it. */
  withPaths<T>(paths: ReadonlyMap<InstanceValue, string>, body: () => T): T {
    const outer = [...this.#paths];
    this.#parameterNodes.clear();
    for (const [module, path] of paths) this.#paths.set(module, path);
    try {
      return body();
    } finally {
      this.#paths.clear();
      for (const [module, path] of outer) this.#paths.set(module, path);
      this.#parameterNodes.clear();
    }
  }
}
