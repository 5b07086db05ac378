/** Packages that a network does not depend on: what they hold is inert. */
export const inertPackages = [
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

/** Packages whose functions compute: what no table has of them is unknown. */
export const knownPackages = [
  'nn',
  'nn.functional',
  'nn.init',
  'nn.utils',
  'nn.utils.parametrizations',
  'special',
  'jit',
  'fx',
  'utils.checkpoint',
  'fft',
  'linalg',
  'sparse',
  'func',
  'distributions',
  'nn.utils.rnn',
  'ao',
  'ao.nn',
  'ao.nn.quantized',
  'ao.quantization',
  'compiler',
];

/** Functions and classes of `torch` itself that change nothing in the network. */
export const inertNames = [
  ...['set_grad_enabled', 'autocast', 'device', 'manual_seed', 'seed', 'save'],
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

/** Settings of `torch` that are asked for or changed: what they give is inert. */
export const settings =
  /^(autocast_\w+|clear_autocast_cache|(set|get|is)_(autocast|anomaly|deterministic|warn_always|flush_denormal|num_(interop_)?threads)\w*|is_\w+_enabled|are_deterministic_algorithms_enabled|init_num_threads|get_(default_device|float32_matmul_precision|device_module)|is_vulkan_available|thread_safe_generator|typename)$/;

/** Wrappers that leave their first argument what it is, by qualified name. */
export const passingThrough = [
  ...['compile', 'jit.script', 'jit.trace', 'jit.ignore', 'jit.export', 'jit.unused', 'jit.freeze', 'fx.wrap'],
  ...['nn.utils.convert_conv2d_weight_memory_format', 'nn.utils.convert_conv3d_weight_memory_format', 'nn.Buffer'],
];

/** Questions to which the plain eager mode, in which a network is read, says no, by qualified name. */
export const neverTrue = [
  ...['jit.is_scripting', 'jit.is_tracing', 'compiler.is_compiling', 'onnx.is_in_onnx_export'],
  ...['cuda.is_available', 'backends.mps.is_available'],
];

/** Functions of computing packages that change nothing in the network, by qualified name. */
export const withoutEffect = [
  ...['clip_grad_norm_', 'clip_grad_value_', 'clip_grad_norm', 'clip_grads_with_norm_', 'parametrize.cached'].map(
    (name) => `nn.utils.${name}`,
  ),
  ...['_assert', '_assert_async'],
];

/** Packages that are also reached under an older name. */
export const aliasPackages: Readonly<Record<string, string>> = {
  'nn.modules': 'nn',
  'nn.parameter': 'nn',
  'nn.quantized': 'ao.nn.quantized',
  'nn.quantized.modules': 'ao.nn.quantized',
  quantization: 'ao.quantization',
  'nn.parallel.distributed': 'nn.parallel',
  'ao.quantization.stubs': 'ao.quantization',
};
