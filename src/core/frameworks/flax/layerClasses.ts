import type { TracedTensor } from '../../network/tracer';
import { bindArguments } from '../../python/arguments';
import { instanceMethod, makeNativeClass } from '../../python/nativeClass';
import type { CallArguments, CallContext, ClassValue, InstanceValue, Value } from '../../python/values';
import { isTracedTensor, tensorOf } from '../numpy/arrays';
import type { FlaxState } from './flaxState';
import { type Construction, LayerCall, type LayerType, type LayerTypes, type ParameterHome } from './layerCall';

/** How one of the two interfaces keeps its layers. */
export interface LayerHost {
  readonly interface: 'linen' | 'nnx';
  readonly base: ClassValue;
  /** A layer has been constructed. */
  constructed(layer: InstanceValue, args: CallArguments, context: CallContext): void;
  /** Runs a method of the layer in its place in the model. */
  calling(layer: InstanceValue, args: CallArguments, context: CallContext, body: () => Value): Value;
  home(layer: InstanceValue): ParameterHome;
}

const constructions = new WeakMap<InstanceValue, { readonly made: Construction; readonly host: LayerHost }>();

/** The layer classes of one interface, by all their names. */
export function layerClasses(
  state: () => FlaxState,
  types: LayerTypes,
  host: () => LayerHost,
): ReadonlyMap<string, ClassValue> {
  const classes = new Map<string, ClassValue>();
  const { interface: face, base } = host();
  for (const [name, type] of Object.entries(types)) {
    const signature = face === 'linen' ? type.linen : type.nnx;
    if (signature === undefined) continue;
    const qualified = `flax.${face}.${name}`;
    const ending = face === 'linen' ? ', *, parent=None, name=None' : '';
    const methods = Object.entries({ __call__: type.call, ...type.methods }).map(([method, body]): [string, Value] => [
      method,
      instanceMethod(`${qualified}.${method}`, (self, args, context) =>
        host().calling(self, args, context, () => apply(state(), self, body, args, context)),
      ),
    ]);
    const construct = instanceMethod(`${qualified}.__init__`, (self, args, context) => {
      const whole = `${signature}${ending}`;
      const bound = bindArguments(whole, args, context);
      if (!(bound instanceof Map)) return bound;
      const made: Construction = { type, signature: whole, bound, written: args };
      constructions.set(self, { made, host: host() });
      for (const [field, value] of bound) self.attributes.set(field, value);
      host().constructed(self, args, context);
      if (face === 'nnx') type.weights?.(new LayerCall(state(), self, host().home(self), made, noArguments, context));
      return { kind: 'none' };
    });
    classes.set(
      name,
      makeNativeClass(qualified, [base], new Map<string, Value>([['__init__', construct], ...methods])),
    );
  }
  return classes;
}

const noArguments: CallArguments = { positional: [], named: new Map(), positionalSpans: [], namedSpans: new Map() };

/** The layer that an object is, as called with these arguments: for layers that are built of others. */
export function layerCallOf(
  state: FlaxState,
  layer: InstanceValue,
  args: CallArguments,
  context: CallContext,
): LayerCall | undefined {
  const known = constructions.get(layer);
  return known && new LayerCall(state, layer, known.host.home(layer), known.made, args, context);
}

/** A copy of a layer is constructed as the layer was, with its own fields. */
export function copyConstruction(from: InstanceValue, to: InstanceValue): void {
  const known = constructions.get(from);
  if (!known) return;
  const bound = new Map(
    [...known.made.bound].map(([name, value]) => [name, to.attributes.get(name) ?? value] as const),
  );
  constructions.set(to, { ...known, made: { ...known.made, bound } });
}

function apply(
  state: FlaxState,
  layer: InstanceValue,
  body: LayerType['call'],
  args: CallArguments,
  context: CallContext,
): Value {
  const call = layerCallOf(state, layer, args, context);
  if (!call) return context.unknown('the arguments of a layer are not known');
  const unknown = args.positional.find((value) => value.kind === 'unknown');
  const result: TracedTensor | Value | undefined = body(call);
  if (result === undefined) {
    if (unknown) return unknown;
    const hasInput = args.positional.some((value) => tensorOf(value));
    const reason = `the ${hasInput ? 'arguments' : 'input'} of ${call.title} ${hasInput ? 'are' : 'is'} not known`;
    return hasInput ? state.tensorValue(call.unknown(reason, undefined)) : context.unknown(reason);
  }
  return isTracedTensor(result) ? state.tensorValue(result) : result;
}
