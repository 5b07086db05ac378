import type { ParameterId } from '../../network/network';
import { lookupInClass } from '../../python/nativeClass';
import type { ClassValue, InstanceValue, Value } from '../../python/values';
import type { Framework, OpenFramework, TraceSession } from '../framework';
import { createArrayClass } from '../numpy/arrayClass';
import { tensorsIn } from '../numpy/numpy';
import { inertValue } from '../torch/inert';
import { forwardParameters } from './applyModel';
import { type FlaxClasses, FlaxState } from './flaxState';
import { initialiserClass } from './initialisers';
import { applyLinen, linenModuleClass } from './linen/moduleClass';
import { LinenScopes } from './linen/scopes';
import { flaxModules } from './modules';
import { nnxModuleClass, nnxParameters } from './nnx/nnxModules';
import { variableClass } from './nnx/variables';

/** Flax 0.12.8, both `linen` and `nnx`, on jax 0.10.2 with the losses of optax 0.2.8. */
export const flax: Framework = {
  id: 'flax',
  importRoots: ['flax', 'jax', 'optax'],
  open: openFlax,
};

/** Layers of the framework that are models where nothing encloses them. */
const modelLayers: ReadonlySet<string> = new Set(['flax.linen.Sequential', 'flax.nnx.Sequential']);

function openFlax(session: TraceSession): OpenFramework {
  let scopes = new LinenScopes(() => state);
  const classes: FlaxClasses = {
    array: createArrayClass('jax.Array', () => state),
    linenModule: linenModuleClass(
      () => state,
      () => scopes,
    ),
    nnxModule: nnxModuleClass(() => state),
    variable: variableClass(() => state),
    initialiser: initialiserClass(() => state),
  };
  let state: FlaxState = new FlaxState(session, classes);
  const isModelClass = (cls: ClassValue): boolean => {
    if (!cls.mro.includes(classes.linenModule) && !cls.mro.includes(classes.nnxModule)) return false;
    if (cls.isNative) return modelLayers.has(cls.name);
    return lookupInClass(cls, '__call__') !== undefined;
  };
  const isModel = (value: Value): value is InstanceValue => value.kind === 'instance' && isModelClass(value.class);
  const parametersOf = (model: InstanceValue): readonly ParameterId[] =>
    state.isLinen(model) ? scopes.parametersOf(model) : nnxParameters(state, model);
  return {
    reopen: (another) => {
      state = new FlaxState(another, classes);
      scopes = new LinenScopes(() => state);
    },
    module: flaxModules(
      () => state,
      () => scopes,
      classes,
    ),
    isModelClass,
    isModel,
    tensorValue: (tensor) => state.tensorValue(tensor),
    tensorsIn: (value) => tensorsIn(value),
    parametersOf,
    declaredInputShapes: (model) => scopes.declaredInputShapes(model),
    forwardParameters,
    apply: (model, inputs, context) =>
      state.isLinen(model) ? applyLinen(state, scopes, model, inputs, context) : context.call(model, inputs),
    suppliedArgument: (name) => (/^(rngs?|key|prng_key)$/.test(name) ? inertValue() : undefined),
  };
}
