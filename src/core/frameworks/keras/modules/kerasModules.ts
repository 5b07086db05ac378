import { none } from '../../../python/make';
import { makeNative } from '../../../python/nativeClass';
import type { ModuleValue, Value } from '../../../python/values';
import { activationFunction, activationGetter } from '../activations';
import { InertObjects, passingDecorator } from '../inert';
import { initialiserClasses } from '../initialisers';
import { inputFunction } from '../inputs';
import type { KerasClasses, KerasState } from '../kerasState';
import { layerMembers } from '../layers/layerMembers';
import { lossMembers } from '../losses';
import { backendFunctions, operations, randomOperations } from '../operations/operations';
import { variableFunction } from '../variables';
import { isApplication, unreadApplications } from './applications';
import { canonicalName, isPrivate } from './moduleNames';
import { ModuleTable } from './moduleTable';
import { settingFunctions } from './settings';
import { addTensorflow } from './tensorflowModules';
import { treeFunctions } from './tree';
import { modelUtilities, passing, utilities } from './utilities';

/** Modules that shape no network. */
const inertModules = [
  'optimizers',
  'optimizers.schedules',
  'callbacks',
  'metrics',
  'regularizers',
  'constraints',
  'mixed_precision',
  'distribution',
  'distillation',
  'dtype_policies',
  'export',
  'quantizers',
  'utils.bounding_boxes',
  'utils.legacy',
  'visualization',
  'wrappers',
];

/** Names of `keras` itself that shape no network either. */
const inertNames = [
  'DTypePolicy',
  'FloatDTypePolicy',
  'InputSpec',
  'Metric',
  'Optimizer',
  'Quantizer',
  'Regularizer',
  'RematScope',
  'StatelessScope',
  'SymbolicScope',
  'device',
  'name_scope',
];

const datasets = [
  'mnist',
  'fashion_mnist',
  'cifar10',
  'cifar100',
  'imdb',
  'reuters',
  'boston_housing',
  'california_housing',
];

/** Every module of Keras and the parts of TensorFlow that models use, by dotted name. `readSource` gives modules that no table describes. */
export function kerasModules(
  state: () => KerasState,
  classes: KerasClasses,
  readSource: (dotted: string) => ModuleValue | undefined,
): (dotted: string) => ModuleValue | undefined {
  const application = (dotted: string, canonical: string): ModuleValue =>
    readSource(dotted) ?? readSource(canonical) ?? unreadApplications(state, canonical);
  const publicModule = (dotted: string): ModuleValue | undefined => {
    const canonical = canonicalName(dotted);
    return isApplication(canonical) ? application(dotted, canonical) : table.get(canonical);
  };
  const table = new ModuleTable(publicModule);
  addKeras(state, classes, table);
  addTensorflow(state, table);
  return (dotted) => {
    let found = publicModule(dotted);
    // A file of the package itself: its names are those of the public module above it.
    for (let name = dotted; !found && isPrivate(name) && /\.[a-z_0-9]+$/.test(name); ) {
      name = name.slice(0, name.lastIndexOf('.'));
      found = publicModule(name);
    }
    return found;
  };
}

function addKeras(state: () => KerasState, classes: KerasClasses, table: ModuleTable): void {
  const inert = new InertObjects();
  const layers = layerMembers(state, classes);
  const initialisers = initialiserClasses(classes.initialiser);
  const losses = lossMembers(state);
  const models = new Map<string, Value>([
    ['Model', classes.model],
    ['Functional', classes.model],
    ['Function', classes.model],
    ['Sequential', classes.sequential],
    ['Input', inputFunction(state)],
    ...modelUtilities(),
  ]);
  const root = new Map<string, Value>([
    ...models,
    ['Layer', classes.layer],
    ['Operation', classes.layer],
    ['Initializer', classes.initialiser],
    ...inertNames.map((name) => [name, inert.class] as const),
    ['KerasTensor', classes.tensor],
    ['__version__', { kind: 'str', value: '3.15.1' }],
    ['version', makeNative('keras.version', () => ({ kind: 'str', value: '3.15.1' }))],
    ['keras_export', passingDecorator('keras.src.api_export.keras_export')],
    ['Loss', losses.get('Loss') ?? inert.class],
    ['remat', passing('keras.remat')],
    ['Variable', variableFunction(state)],
  ]);
  table.addNames('keras', root);
  table.addNames('keras.layers', layers);
  table.addNames('keras.models', models);
  table.addNames('keras.initializers', initialisers);
  table.addNames('keras.losses', losses);
  table.add('keras.activations', (name) => {
    if (name === 'serialize') return passing('keras.activations.serialize');
    return name === 'get' || name === 'deserialize'
      ? activationGetter(state)
      : activationFunction(state, `keras.activations.${name}`);
  });
  const settings = settingFunctions(state);
  for (const name of ['keras.ops', 'keras.ops.nn', 'keras.ops.numpy', 'keras.ops.image', 'keras.ops.linalg']) {
    table.add(name, operations(state));
  }
  const backend = backendFunctions(state);
  table.add('keras.backend', (name) => settings.get(name) ?? backend(name));
  table.addNames('keras.config', settings);
  const random = randomOperations(state, 'keras.random');
  table.add('keras.random', (name) => (name === 'SeedGenerator' ? inert.class : random(name)));
  const deserialise = layers.get('deserialize') ?? none;
  for (const name of ['keras.utils', 'keras.saving']) table.addNames(name, utilities(state, deserialise));
  table.addNames('keras.tree', treeFunctions());
  for (const name of inertModules) table.set(`keras.${name}`, inert.module(`keras.${name}`));
  for (const name of ['datasets', 'preprocessing']) {
    table.set(`keras.${name}`, inert.dataModule(`keras.${name}`));
  }
  for (const name of datasets) {
    const data = inert.dataModule('keras.datasets').lookup(name);
    if (data?.kind === 'module') table.set(`keras.datasets.${name}`, data);
  }
}
