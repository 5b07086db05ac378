import type { ParameterId } from '../../../network/network';
import { instanceMethod, makeNative, makeNativeClass } from '../../../python/nativeClass';
import type {
  CallArguments,
  CallContext,
  ClassValue,
  FunctionValue,
  InstanceValue,
  Value,
} from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';
import { applyModel, setOriginal } from '../applyModel';
import { type FlaxState, VariablePayload } from '../flaxState';
import { drawnBy, initialiserOf } from '../initialisers';
import type { ParameterHome } from '../layerCall';
import type { LayerHost } from '../layerClasses';

const none: Value = { kind: 'none' };

/** `flax.nnx.Module` of flax 0.12.8, nnx/module.py: plain Python objects that hold their parameters. */
export function nnxModuleClass(state: () => FlaxState): ClassValue {
  const inert = (name: string): [string, Value] => [name, instanceMethod(`flax.nnx.Module.${name}`, () => none)];
  return makeNativeClass(
    'flax.nnx.Module',
    [],
    new Map<string, Value>([
      [
        '__init_subclass__',
        makeNative('flax.nnx.Module.__init_subclass__', (args) => {
          const [cls] = args.positional;
          const call = cls?.kind === 'class' ? cls.namespace.get('__call__') : undefined;
          if (cls?.kind === 'class' && call?.kind === 'function') cls.namespace.set('__call__', wrapped(state, call));
          return none;
        }),
      ],
      ['__init__', instanceMethod('flax.nnx.Module.__init__', () => none)],
      inert('train'),
      inert('eval'),
      inert('set_attributes'),
      inert('sow'),
    ]),
  );
}

function wrapped(state: () => FlaxState, method: FunctionValue): Value {
  const native = instanceMethod(method.name, (self, args, context) =>
    runModule(state(), self, args, context, (positional, named) => context.call(method, [self, ...positional], named)),
  );
  setOriginal(native, method);
  return native;
}

/** One call of a module, in its place in the model; a model that nothing encloses is reported. */
function runModule(
  state: FlaxState,
  module: InstanceValue,
  args: CallArguments,
  context: CallContext,
  body: (positional: readonly Value[], named: ReadonlyMap<string, Value>) => Value,
): Value {
  const { tracer } = state.session;
  if (state.session.isInsideModel) {
    return tracer.within(state.pathOf(module) ?? '', () => body(args.positional, args.named));
  }
  return state.withPaths(namedModules(state, module), () =>
    applyModel(state, module, args.positional, args.named, context, body),
  );
}

/** Modules below a model by path, their parameters named on the way: `layers.0.kernel`. */
function namedModules(state: FlaxState, model: InstanceValue): ReadonlyMap<InstanceValue, string> {
  const paths = new Map<InstanceValue, string>();
  walk(state, model, (path, value) => {
    const { payload } = value;
    if (payload instanceof VariablePayload) {
      const { parameter } = payload;
      if (parameter !== undefined) state.session.tracer.setParameterPath(parameter, path);
    } else {
      paths.set(value, path);
    }
  });
  return paths;
}

/** Every parameter of the model, each once. */
export function nnxParameters(state: FlaxState, model: InstanceValue): readonly ParameterId[] {
  const found = new Set<ParameterId>();
  walk(state, model, (_path, value) => {
    if (value.payload instanceof VariablePayload && value.payload.parameter !== undefined)
      found.add(value.payload.parameter);
  });
  return [...found];
}

/** Visits the modules and variables below a model, each once, in the order of their attributes. */
function walk(state: FlaxState, model: InstanceValue, visit: (path: string, value: InstanceValue) => void): void {
  const seen = new Set<Value>();
  const step = (value: Value, path: string, depth: number): void => {
    if (depth > 40 || seen.has(value)) return;
    if (value.kind === 'list' || value.kind === 'tuple') {
      seen.add(value);
      for (const [index, item] of value.items.entries()) step(item, `${path}.${index}`, depth + 1);
    } else if (value.kind === 'dict') {
      seen.add(value);
      for (const { key, value: item } of value.entries.values()) {
        if (key.kind === 'str' || key.kind === 'int') step(item, `${path}.${key.value}`, depth + 1);
      }
    } else if (isPart(state, value)) {
      seen.add(value);
      visit(path, value);
      for (const [name, item] of value.attributes) step(item, path ? `${path}.${name}` : name, depth + 1);
    }
  };
  step(model, '', 0);
}

function isPart(state: FlaxState, value: Value): value is InstanceValue {
  return value.kind === 'instance' && (value.payload instanceof VariablePayload || state.isNnx(value));
}

/** How nnx keeps the layers of the framework: parameters are attributes, made when the layer is. */
export function nnxHost(state: () => FlaxState, base: ClassValue): LayerHost {
  return {
    interface: 'nnx',
    base,
    constructed: () => undefined,
    calling: (layer, args, context, body) => {
      const isModel = layer.class.name === 'flax.nnx.Sequential' && !state().session.isInsideModel;
      return isModel ? runModule(state(), layer, args, context, body) : body();
    },
    home: (layer) => homeOf(state(), layer),
  };
}

function homeOf(state: FlaxState, layer: InstanceValue): ParameterHome {
  return {
    isLinen: false,
    path: state.pathOf(layer) ?? '',
    parameter: (request, call) => {
      const holder = holderOf(state, layer, request.name.split('.').slice(0, -1));
      const name = request.name.slice(request.name.lastIndexOf('.') + 1);
      const known = holder.attributes.get(name);
      const payload = known?.kind === 'instance' ? known.payload : undefined;
      if (payload instanceof VariablePayload && payload.parameter !== undefined) return payload.parameter;
      const { argument } = request;
      const value = argument === undefined ? undefined : call.value(argument);
      const span = argument === undefined ? undefined : call.span(argument);
      const drawn = request.drawn ?? request.shape;
      const initialiser = initialiserOf(state, value, request.fallback, drawn, span, call.context);
      const id = state.session.tracer.addParameter(request.name, request.stored ?? request.shape, initialiser);
      const variable = variableOf(state.classes.variable, state.parameterValue(id, call.context), id, call.context);
      holder.attributes.set(name, variable);
      return id;
    },
  };
}

/** The layer, or the part of it that keeps a parameter such as `query.kernel`. */
function holderOf(state: FlaxState, layer: InstanceValue, parts: readonly string[]): InstanceValue {
  let holder = layer;
  for (const part of parts) {
    const known = holder.attributes.get(part);
    const next: InstanceValue =
      known?.kind === 'instance'
        ? known
        : { kind: 'instance', class: state.classes.nnxModule, attributes: new Map(), made: layer.made };
    holder.attributes.set(part, next);
    holder = next;
  }
  return holder;
}

export function variableOf(
  cls: ClassValue,
  value: Value,
  parameter: ParameterId | undefined,
  context: CallContext,
): InstanceValue {
  return {
    kind: 'instance',
    class: cls,
    attributes: new Map(),
    payload: new VariablePayload(value, parameter),
    made: context.trail,
  };
}

/** The parameter that `nnx.Param(array)` makes of a drawn array. */
export function parameterOf(state: FlaxState, array: Value, context: CallContext): ParameterId | undefined {
  const { distribution, shape } = drawnBy(state, array);
  if (!shape || !tensorOf(array)) return undefined;
  const [span] = context.trail;
  const initialiser = { distribution, scheme: 'array', isDefault: false, ...(span && { span }) };
  return state.session.tracer.addParameter('', shape, initialiser);
}
