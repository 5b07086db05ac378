import { falseValue, makeFloat, makeInt, none } from '../../python/make';
import { makeNative } from '../../python/nativeClass';
import type { ClassValue, ModuleValue, NativeFunctionValue, Value } from '../../python/values';
import { floatLimits } from '../floatLimits';
import { type NativeFunction, nativeFunction, type TorchCall, unknownEntry } from './call';
import { backwardFunction } from './differentiate';
import { divergenceFunction } from './distributions';
import { einopsModules } from './einops';
import { compiledOperators } from './functions/compiledOperators';
import { complexCreation } from './functions/complex';
import { creationFunctions } from './functions/creation';
import { creationShapes } from './functions/creationShapes';
import { einsum } from './functions/einsum';
import type { TensorFunction } from './functions/entry';
import { fourierFunctions } from './functions/fourier';
import { activationFunctions, functionalFunctions } from './functions/functional';
import { functionalShapes } from './functions/functionalShapes';
import { initFunctions } from './functions/initialisation';
import { linearAlgebraFunctions } from './functions/linearAlgebra';
import { listFunctions } from './functions/listShapes';
import { moduleUtilities } from './functions/moduleUtilities';
import { parametrisationFunctions } from './functions/parametrisation';
import { where } from './functions/pointwise';
import { pruningFunctions } from './functions/pruning';
import { joiningFunctions } from './functions/rearrangement';
import { specialFunctions } from './functions/special';
import { functionsOfTensors } from './functions/tensorFunctions';
import { gradientModes } from './gradientMode';
import { inertClass, inertValue, scalerClass } from './inert';
import { LazyNames } from './lazyNames';
import {
  aliasPackages,
  inertNames,
  inertPackages,
  knownPackages,
  neverTrue,
  passingThrough,
  settings,
  withoutEffect,
} from './packageNames';
import { packedSequenceFunctions } from './packedSequence';
import { sizeClass } from './sizeClass';
import type { TorchState } from './state';

type Names = Map<string, Value>;

const inertOfTorch: ReadonlySet<string> = new Set(inertNames);

const infinity = makeFloat(Number.POSITIVE_INFINITY);

const whereFunction: NativeFunction = {
  name: 'torch.where',
  signature: 'condition, input=None, other=None',
  call: (call) => (call.has('input') ? where(call, 'condition', 'input', 'other') : undefined),
};

/** Functions that stand where their qualified names say. */
const packageFunctions: readonly NativeFunction[] = [
  ...functionalFunctions,
  ...activationFunctions.filter((entry) => !entry.name.startsWith('torch.Tensor.')),
  ...initFunctions,
  ...creationFunctions,
  ...creationShapes,
  ...complexCreation,
  ...functionalShapes,
  ...listFunctions,
  ...linearAlgebraFunctions,
  ...fourierFunctions,
  ...specialFunctions,
  ...parametrisationFunctions,
  ...pruningFunctions,
  ...moduleUtilities,
  ...packedSequenceFunctions,
  ...compiledOperators,
  einsum,
  whereFunction,
];

/** Functions by package and short name; `torch` has those of tensors too, and under `init`'s names what writes in place. */
const entries = new Map<string, Map<string, NativeFunction>>();
for (const entry of packageFunctions) addEntry(entry);
for (const entry of functionsOfTensors) if (entry.place !== 'method') addEntry(onFirst(entry, 'input'));
for (const entry of joiningFunctions) addEntry(onFirst(entry, 'tensors'));

function addEntry(entry: NativeFunction): void {
  const [home, name] = parted(entry.name);
  const names = entries.get(home) ?? new Map<string, NativeFunction>();
  if (!names.has(name)) names.set(name, entry);
  entries.set(home, names);
}

/** Every module of torch by dotted name; classes and layers (short names by qualified ones) stand where their qualified names say. */
export function torchModules(
  state: () => TorchState,
  classes: readonly ClassValue[],
  layerNames: ReadonlyMap<string, string>,
  tensorClass: ClassValue,
  unknownLayer: (name: string) => Value,
): ReadonlyMap<string, ModuleValue> {
  const tables = new Map<string, Names>();
  const openTable = (name: string) => {
    const own = entries.get(name);
    const make = (key: string) => {
      const layer = layerNames.get(`${name}.${key}`);
      const entry = own?.get(key);
      if (layer !== undefined) return state().layer(layer)?.class;
      return entry && nativeFunction(state, entry);
    };
    tables.set(name, new LazyNames(make));
  };
  for (const name of [...inertPackages, ...knownPackages]) openTable(`torch.${name}`);
  for (const name of entries.keys()) if (!tables.has(name)) openTable(name);
  for (const cls of classes) put(tables, cls.name, cls);
  addTorchNames(state, tables, tensorClass);
  const module = classes.find((cls) => cls.name === 'torch.nn.Module');
  if (module) {
    const contract = (equation: Value, tensors: readonly Value[], call: TorchCall) =>
      call.context.call(call.state.torchFunction('einsum'), [equation, ...tensors]);
    for (const [name, names] of einopsModules(state, module, contract)) tables.set(name, names);
  }
  for (const name of neverTrue) put(tables, `torch.${name}`, always(`torch.${name}`, falseValue));
  put(tables, 'torch.distributions.kl_divergence', divergenceFunction(state, classes));
  put(tables, 'torch.autograd.backward', backwardFunction(state));
  for (const name of ['amp', 'cuda.amp']) put(tables, `torch.${name}.GradScaler`, scalerClass);
  put(tables, 'torch.cuda.device_count', always('torch.cuda.device_count', makeInt(0)));
  for (const name of passingThrough) put(tables, `torch.${name}`, passFirst(`torch.${name}`));
  put(
    tables,
    'torch.jit.annotate',
    makeNative('torch.jit.annotate', (args) => args.positional[1] ?? inertValue()),
  );
  for (const [name, mode] of gradientModes(state)) put(tables, `torch.${name}`, mode);
  for (const name of withoutEffect) put(tables, `torch.${name}`, inertValue());
  const inert = new Set(inertPackages.map((name) => `torch.${name}`));
  const modules = new Map<string, ModuleValue>();
  for (const [name, names] of tables) {
    const otherwise = (key: string): Value | undefined => {
      const qualified = `${name}.${key}`;
      const submodule = modules.get(qualified);
      if (submodule) return submodule;
      if (key.startsWith('__')) return undefined;
      if (inert.has(name)) return /^[A-Z]/.test(key) ? inertClass : inertValue();
      if (name === 'torch.nn') return /^[A-Z]/.test(key) ? unknownLayer(key) : undefined;
      if (name === 'torch' && (inertOfTorch.has(key) || settings.test(key))) return inertValue();
      if (name === 'torch')
        return boundInTorch(key, tables, tensorClass) ?? nativeFunction(state, unknownEntry(qualified));
      return nativeFunction(state, unknownEntry(qualified));
    };
    modules.set(name, openModule(name, names, otherwise));
  }
  for (const [alias, name] of Object.entries(aliasPackages)) {
    const target = modules.get(`torch.${name}`);
    if (target) modules.set(`torch.${alias}`, target);
  }
  return modules;
}

/** What `torch` has of other packages: functions of `torch.nn.functional`, methods of tensors in place, the same function that copies. */
function boundInTorch(key: string, tables: ReadonlyMap<string, Names>, tensorClass: ClassValue): Value | undefined {
  const functional = tables.get('torch.nn.functional')?.get(key);
  if (functional) return functional;
  if (key.endsWith('_')) return tables.get('torch.nn.init')?.get(key) ?? tensorClass.namespace.get(key);
  const plain = key.endsWith('_copy') ? key.slice(0, -'_copy'.length) : key;
  return plain === key ? undefined : tables.get('torch')?.get(plain);
}

/** What only `torch` itself has. */
function addTorchNames(state: () => TorchState, tables: Map<string, Names>, tensorClass: ClassValue): void {
  const names = tables.get('torch') ?? new Map<string, Value>();
  tables.set('torch', names);
  names.set('Tensor', tensorClass);
  names.set('Size', sizeClass);
  names.set(
    'is_tensor',
    makeNative('torch.is_tensor', (args) => ({
      kind: 'bool',
      value: state().payloadOf(args.positional[0]) !== undefined,
    })),
  );
  for (const name of askedOfTensors) names.set(name, askTensor(name));
  names.set('finfo', floatLimits('torch'));
  names.set('pi', makeFloat(Math.PI));
  names.set('e', makeFloat(Math.E));
  names.set('inf', infinity);
  names.set('nan', makeFloat(Number.NaN));
}

/** Methods of tensors that `torch` has as functions. */
const askedOfTensors = [
  ...['numel', 'is_complex', 'is_conj', 'is_distributed', 'is_floating_point', 'is_inference', 'is_neg', 'is_signed'],
  ...['get_device'],
];

function askTensor(name: string): NativeFunctionValue {
  return makeNative(`torch.${name}`, (args, context) =>
    context.call(context.getAttribute(args.positional[0] ?? none, name), args.positional.slice(1)),
  );
}

function always(name: string, value: Value): NativeFunctionValue {
  return makeNative(name, () => value);
}

function passFirst(name: string): NativeFunctionValue {
  return makeNative(name, (args) => args.positional[0] ?? inertValue());
}

function onFirst(entry: TensorFunction, first: string): NativeFunction {
  const signature = entry.signature === '' ? first : `${first}, ${entry.signature}`;
  return { name: `torch.${entry.name}`, signature, call: entry.call };
}

function put(tables: Map<string, Names>, qualified: string, value: Value): void {
  const [home, name] = parted(qualified);
  const names = tables.get(home) ?? new Map<string, Value>();
  names.set(name, value);
  tables.set(home, names);
}

/** Package and short name. */
function parted(qualified: string): readonly [home: string, name: string] {
  const dot = qualified.lastIndexOf('.');
  return [qualified.slice(0, dot), qualified.slice(dot + 1)];
}

function openModule(name: string, names: Names, otherwise: (key: string) => Value | undefined): ModuleValue {
  return {
    kind: 'module',
    name,
    lookup: (key) => {
      const known = names.get(key);
      if (known) return known;
      const value = otherwise(key);
      if (value && value.kind !== 'module') names.set(key, value);
      return value;
    },
  };
}
