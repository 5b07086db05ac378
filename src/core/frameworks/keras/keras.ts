import type { Value } from '../../python/values';
import type { Framework, OpenFramework, SourceReader, TraceSession } from '../framework';
import { baseClasses } from './baseClasses';
import { type KerasClasses, KerasState, tensorsInOrder } from './kerasState';
import { callModel, declaredInputShapes, forwardParameters, hasForward, mayHaveForward, parametersOf } from './models';
import { applicationModules } from './modules/applications';
import { kerasModules } from './modules/kerasModules';

/** Keras 3 (3.15.1), also as `tf.keras`, with the TensorFlow functions that models are written with. */
export const keras: Framework = {
  id: 'keras',
  importRoots: ['keras', 'tensorflow', 'tf_keras'],
  modelPackages: ['keras_cv', 'keras_hub', 'keras_nlp'],
  sourceModules: applicationModules,
  open: openKeras,
};

function openKeras(session: TraceSession, readSource: SourceReader = () => undefined): OpenFramework {
  const classes: KerasClasses = baseClasses(() => state);
  let state = new KerasState(session, classes);
  let sourceOf = readSource;
  const module = kerasModules(
    () => state,
    classes,
    (name) => sourceOf(name),
  );
  return {
    reopen: (another, source) => {
      state = new KerasState(another, classes);
      sourceOf = source;
    },
    module,
    isModelClass: (value) => value.mro.includes(classes.model) && mayHaveForward(value),
    isModel: (value): value is Extract<Value, { kind: 'instance' }> => state.isModel(value) && hasForward(state, value),
    tensorValue: (tensor) => state.tensorValue(tensor),
    tensorsIn: tensorsInOrder,
    parametersOf: (model) => parametersOf(state, model),
    declaredInputShapes: (model) => declaredInputShapes(state, model),
    fedData: (model) => {
      const { fed } = state.stateOf(model);
      return fed && { ...fed, samples: undefined, sampleAxis: 0 };
    },
    forwardParameters: (model) => forwardParameters(state, model),
    apply: (model, inputs, context) =>
      callModel(
        state,
        model,
        {
          positional: inputs,
          named: new Map(),
          positionalSpans: inputs.map(() => undefined),
          namedSpans: new Map(),
        },
        context,
      ),
  };
}
