import { arrayFunctions } from '../../numpy/arrayFunctions';
import { type ArrayFunctions, nativeArrayFunction } from '../../numpy/arrays';
import { creationFunctions } from '../../numpy/creation';
import { elementwiseFunctions } from '../../numpy/elementwiseFunctions';
import { softmaxFunctions } from '../../numpy/softmax';
import { activationFunction } from '../activations';
import type { KerasState } from '../kerasState';
import type { Lookup } from '../modules/moduleTable';
import { backendFunctionTable } from './backendFunctions';
import { controlOperations } from './controlOperations';
import { creationOperations } from './creationOperations';
import { imageOperations } from './imageOperations';
import { neuralOperations } from './neuralOperations';
import { randomOperations as randomOperationTable } from './randomOperations';
import { selectionOperations } from './selectionOperations';
import { tensorflowFunctions } from './tensorflowFunctions';
import { windowOperations } from './windowOperations';

const shared: ArrayFunctions = {
  ...arrayFunctions,
  ...elementwiseFunctions,
  ...creationFunctions,
  ...softmaxFunctions,
  ...creationOperations,
  ...selectionOperations,
  ...neuralOperations,
  ...windowOperations,
  ...imageOperations,
  ...controlOperations,
};

/** `keras.ops` and its parts. */
export function operations(state: () => KerasState): Lookup {
  return functions(state, 'keras.ops', shared);
}

/** `keras.backend` as Keras 2 had it: NumPy's names, and TensorFlow's. */
export function backendFunctions(state: () => KerasState): Lookup {
  return functions(state, 'keras.backend', { ...shared, ...backendFunctionTable });
}

/** `tf`, `tf.nn`, `tf.math` and `tf.linalg`. */
export function tensorflowOperations(state: () => KerasState, module: string): Lookup {
  return functions(state, module, { ...shared, ...tensorflowFunctions });
}

/** `keras.random` and `tf.random`. */
export function randomOperations(state: () => KerasState, module: string): Lookup {
  return functions(state, module, randomOperationTable);
}

/** Activations of the catalogue first, then what the tables hold. */
function functions(state: () => KerasState, module: string, table: ArrayFunctions): Lookup {
  return (name) => {
    const activation = activationFunction(state, `${module}.${name}`);
    const entry = Object.hasOwn(table, name) ? table[name] : undefined;
    return activation ?? (entry && nativeArrayFunction(state, `${module}.${name}`, entry));
  };
}
