import { falseValue, makeFloat, makeInt } from '../../python/make';
import { makeNative } from '../../python/nativeClass';
import type { ClassValue, ModuleValue, NativeFunctionValue, Value } from '../../python/values';
import { type NativeFunction, nativeFunction, type TorchCall, unknownFunction } from './call';
import { einopsModules } from './einops';
import { creationFunctions } from './functions/creation';
import { einsum } from './functions/einsum';
import type { TensorFunction } from './functions/entry';
import { activationFunctions, functionalFunctions } from './functions/functional';
import { initFunctions } from './functions/initialisation';
import { pointwiseFunctions, where } from './functions/pointwise';
import { joiningFunctions, rearrangementFunctions } from './functions/rearrangement';
import { reductionFunctions } from './functions/reduction';
import { roundingFunctions } from './functions/rounding';
import { inertClass, inertValue } from './inert';
import type { TorchState } from './state';

type Names = Map<string, Value>;

/** Packages that a network does not depend on: what they hold is inert. */
const inertPackages = [
  ...[
    'optim',
    'optim.lr_scheduler',
    'optim.swa_utils',
    'utils',
    'utils.data',
    'utils.data.distributed',
    'utils.tensorboard',
  ],
  ...[
    'cuda',
    'cuda.amp',
    'amp',
    'backends',
    'backends.cudnn',
    'backends.cuda',
    'backends.mps',
    'distributed',
    'autograd',
  ],
  ...['profiler', 'mps', 'random', 'hub', 'multiprocessing', 'version', 'nn.parallel', 'testing', 'onnx', 'library'],
  ...['nn.attention', '_dynamo', 'distributed.fsdp', 'types', '_C', 'ops', 'overrides'],
];

/** Packages whose functions compute, and which are not known yet. */
const unknownPackages = [
  'fft',
  'linalg',
  'sparse',
  'func',
  'distributions',
  'nn.utils.rnn',
  'nn.quantized',
  'ao',
  'ao.quantization',
  'compiler',
  'quantization',
];

/** Functions and classes of `torch` itself that change nothing in the network. */
const inertNames = [
  ...[
    'no_grad',
    'enable_grad',
    'inference_mode',
    'set_grad_enabled',
    'autocast',
    'device',
    'manual_seed',
    'seed',
    'save',
  ],
  ...['load', 'set_default_dtype', 'set_default_tensor_type', 'set_default_device', 'set_float32_matmul_precision'],
  ...[
    'use_deterministic_algorithms',
    'set_num_threads',
    'set_printoptions',
    'Generator',
    'get_rng_state',
    'set_rng_state',
  ],
  ...[
    'initial_seed',
    'is_grad_enabled',
    'get_default_dtype',
    'memory_format',
    'layout',
    '__version__',
    'float',
    'float16',
  ],
  ...[
    'float32',
    'float64',
    'half',
    'double',
    'bfloat16',
    'int',
    'int8',
    'int16',
    'int32',
    'int64',
    'long',
    'short',
    'uint8',
  ],
  ...['bool', 'complex64', 'complex128', 'strided', 'channels_last', 'contiguous_format', 'preserve_format'],
];

/** Wrappers that leave their first argument what it is, by qualified name. */
const passingThrough = [
  ...['compile', 'jit.script', 'jit.trace', 'jit.ignore', 'jit.export', 'jit.unused', 'jit.freeze', 'fx.wrap'],
  ...['nn.utils.weight_norm', 'nn.utils.parametrizations.weight_norm', 'nn.DataParallel'],
  ...['nn.parallel.DistributedDataParallel', 'nn.parallel.DataParallel', 'nn.utils.remove_weight_norm'],
];

/** Questions to which the plain eager mode, in which a network is read, says no, by qualified name. */
const neverTrue = ['jit.is_scripting', 'jit.is_tracing', 'compiler.is_compiling', 'onnx.is_in_onnx_export'];

/** Of float32, the type that models are read in (IEEE 754 binary32). */
const singlePrecision: readonly (readonly [string, Value])[] = [
  ['max', makeFloat(3.4028234663852886e38)],
  ['min', makeFloat(-3.4028234663852886e38)],
  ['eps', makeFloat(2 ** -23)],
  ['tiny', makeFloat(2 ** -126)],
  ['bits', makeInt(32)],
];

const infinity = makeFloat(Number.POSITIVE_INFINITY);

/** Every module of torch by dotted name; `classes` are those of `torch.nn`. */
export function torchModules(
  state: () => TorchState,
  classes: readonly ClassValue[],
  tensorClass: ClassValue,
  unknownLayer: (name: string) => Value,
): ReadonlyMap<string, ModuleValue> {
  const tables = new Map<string, Names>();
  const functional = named(state, 'torch.nn.functional.', [...functionalFunctions, ...activationFunctions]);
  const initialisers = named(state, 'torch.nn.init.', initFunctions);
  tables.set('torch.nn.functional', functional);
  tables.set('torch.nn.init', initialisers);
  tables.set('torch.special', named(state, 'torch.special.', activationFunctions));
  const layers: Names = new Map(classes.map((cls) => [lastName(cls.name), cls]));
  tables.set('torch.nn', layers);
  tables.set('torch.nn.modules', layers);
  tables.set('torch.nn.parameter', layers);
  const torch = torchNames(state, functional, initialisers);
  torch.set('Tensor', tensorClass);
  tables.set('torch', torch);
  tables.set('torch.nn.utils', new Map());
  tables.set('torch.nn.utils.parametrizations', new Map());
  tables.set('torch.utils.checkpoint', new Map([['checkpoint', checkpoint]]));
  tables.set('torch.jit', new Map());
  tables.set('torch.fx', new Map());
  const module = classes.find((cls) => cls.name === 'torch.nn.Module');
  if (module) {
    const contract = (equation: Value, tensors: readonly Value[], call: TorchCall) =>
      call.context.call(torch.get('einsum') ?? equation, [equation, ...tensors]);
    for (const [name, names] of einopsModules(state, module, contract)) tables.set(name, names);
  }
  for (const name of inertPackages) tables.set(`torch.${name}`, new Map());
  for (const name of unknownPackages) tables.set(`torch.${name}`, new Map());
  const gpu = tables.get('torch.cuda');
  gpu?.set(
    'is_available',
    makeNative('torch.cuda.is_available', () => falseValue),
  );
  gpu?.set(
    'device_count',
    makeNative('torch.cuda.device_count', () => makeInt(0)),
  );
  tables.get('torch.backends.mps')?.set(
    'is_available',
    makeNative('torch.backends.mps.is_available', () => falseValue),
  );
  for (const name of neverTrue)
    put(
      tables,
      `torch.${name}`,
      makeNative(`torch.${name}`, () => falseValue),
    );
  const identity = layers.get('Identity');
  for (const name of ['ao.quantization', 'quantization']) {
    for (const stub of ['QuantStub', 'DeQuantStub']) if (identity) put(tables, `torch.${name}.${stub}`, identity);
  }
  for (const name of passingThrough) put(tables, `torch.${name}`, passFirst(`torch.${name}`));
  for (const name of ['clip_grad_norm_', 'clip_grad_value_', 'clip_grad_norm']) {
    put(tables, `torch.nn.utils.${name}`, inertValue());
  }
  const inert = new Set(inertPackages.map((name) => `torch.${name}`));
  const modules = new Map<string, ModuleValue>();
  for (const [name, names] of tables) {
    const otherwise = (key: string): Value | undefined => {
      const qualified = `${name}.${key}`;
      const submodule = modules.get(qualified);
      if (submodule) return submodule;
      if (key.startsWith('__')) return undefined;
      if (inert.has(name)) return /^[A-Z]/.test(key) ? inertClass : inertValue();
      if (name === 'torch.nn' || name === 'torch.nn.modules') return /^[A-Z]/.test(key) ? unknownLayer(key) : undefined;
      return unknownFunction(state, qualified);
    };
    modules.set(name, openModule(name, names, otherwise));
  }
  return modules;
}

function torchNames(state: () => TorchState, functional: Names, initialisers: Names): Names {
  const names: Names = new Map();
  for (const entry of [...pointwiseFunctions, ...rearrangementFunctions, ...reductionFunctions, ...roundingFunctions]) {
    if (entry.place !== 'method') names.set(entry.name, nativeFunction(state, onFirst(entry, 'input')));
  }
  for (const entry of joiningFunctions) names.set(entry.name, nativeFunction(state, onFirst(entry, 'tensors')));
  for (const [name, value] of named(state, 'torch.', [
    ...activationFunctions,
    ...creationFunctions,
    einsum,
    whereFunction,
  ])) {
    names.set(name, value);
  }
  for (const name of sharedWithFunctional) names.set(name, names.get(name) ?? functional.get(name) ?? inertValue());
  for (const [name, value] of initialisers) if (name.endsWith('_')) names.set(name, names.get(name) ?? value);
  for (const name of inertNames) names.set(name, inertValue());
  names.set(
    'is_tensor',
    makeNative('torch.is_tensor', (args) => ({
      kind: 'bool',
      value: state().payloadOf(args.positional[0]) !== undefined,
    })),
  );
  names.set(
    'numel',
    makeNative('torch.numel', (args, context) =>
      context.call(context.getAttribute(args.positional[0] ?? infinity, 'numel'), []),
    ),
  );
  names.set(
    'finfo',
    makeNative('torch.finfo', () => ({
      kind: 'instance',
      class: inertClass,
      attributes: new Map(singlePrecision),
      made: [],
    })),
  );
  names.set('pi', makeFloat(Math.PI));
  names.set('e', makeFloat(Math.E));
  names.set('inf', infinity);
  names.set('nan', makeFloat(Number.NaN));
  return names;
}

const sharedWithFunctional = [
  ...[
    'conv1d',
    'conv2d',
    'conv3d',
    'conv_transpose1d',
    'conv_transpose2d',
    'conv_transpose3d',
    'dropout',
    'layer_norm',
  ],
  ...[
    'group_norm',
    'batch_norm',
    'instance_norm',
    'rms_norm',
    'pixel_shuffle',
    'embedding',
    'max_pool1d',
    'max_pool2d',
  ],
  ...['avg_pool1d', 'adaptive_avg_pool1d'],
];

const whereFunction: NativeFunction = {
  name: 'torch.where',
  signature: 'condition, input=None, other=None',
  call: (call) => (call.has('input') ? where(call, 'condition', 'input', 'other') : undefined),
};

/** `checkpoint(function, *args)` computes what the function does. */
const checkpoint = makeNative('torch.utils.checkpoint.checkpoint', (args, context) => {
  const [callee, ...rest] = args.positional;
  return callee ? context.call(callee, rest) : context.unknown('checkpoint is called without a function');
});

function passFirst(name: string): NativeFunctionValue {
  return makeNative(name, (args) => args.positional[0] ?? inertValue());
}

function onFirst(entry: TensorFunction, first: string): NativeFunction {
  const signature = entry.signature === '' ? first : `${first}, ${entry.signature}`;
  return { name: `torch.${entry.name}`, signature, call: entry.call };
}

/** The functions under the prefix, by their name without it. */
function named(state: () => TorchState, prefix: string, entries: readonly NativeFunction[]): Names {
  const names: Names = new Map();
  for (const entry of entries) {
    const name = entry.name.startsWith(prefix) ? entry.name.slice(prefix.length) : '';
    if (name !== '' && !name.includes('.')) names.set(name, nativeFunction(state, entry));
  }
  return names;
}

function put(tables: ReadonlyMap<string, Names>, qualified: string, value: Value): void {
  const dot = qualified.lastIndexOf('.');
  tables.get(qualified.slice(0, dot))?.set(qualified.slice(dot + 1), value);
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

function lastName(qualified: string): string {
  return qualified.slice(qualified.lastIndexOf('.') + 1);
}
