import { unknownDistribution } from '../../../network/initialisers';
import type { Dim } from '../../../network/network';
import { addDims, elementCount } from '../../../network/shapes';
import { makeTuple, none } from '../../../python/make';
import type { InstanceValue, Value } from '../../../python/values';
import type { NativeFunction, TorchCall } from '../call';
import { copyModule } from '../copyModule';
import { shaped } from './shapeRule';

/** Functions of `torch.nn.utils`, `torch.utils.checkpoint` and `torch.func` 2.13 that take or give modules and their parameters. */
export const moduleUtilities: readonly NativeFunction[] = [
  ...['fuse_conv_bn_eval', 'fuse_linear_bn_eval'].flatMap((name) =>
    ['torch.nn.utils', 'torch.nn.utils.fusion'].map((home) => ({
      name: `${home}.${name}`,
      signature: 'module, bn, transpose=False',
      call: fuse,
    })),
  ),
  ...['fuse_conv_bn_weights', 'fuse_linear_bn_weights'].flatMap((name) =>
    ['torch.nn.utils', 'torch.nn.utils.fusion'].map(
      (home): NativeFunction => ({
        name: `${home}.${name}`,
        signature: 'weight, bias, running_mean, running_var, eps, bn_weight, bn_bias, transpose=False',
        call: (call) => {
          const [weight, mean] = [call.payload('weight')?.shape, call.payload('running_mean')?.shape];
          const parts = [weight, mean].map((shape) => shaped(call, shape)).filter((part) => part !== undefined);
          return makeTuple(parts);
        },
      }),
    ),
  ),
  {
    name: 'torch.nn.utils.parameters_to_vector',
    signature: 'parameters',
    call: (call) => {
      const values = call.context.iterate(call.value('parameters') ?? none);
      const sizes = values?.map((value) => elementCount(call.state.payloadOf(value)?.shape));
      const total = sizes?.reduce<Dim>(addDims, 0);
      return call.with(new Map([['given', makeTuple(values ?? [])]])).unknown(`${call.name} is not followed`, [total]);
    },
  },
  { name: 'torch.nn.utils.vector_to_parameters', signature: 'vec, parameters', call: () => none },
  {
    name: 'torch.nn.utils.get_total_norm',
    signature: 'tensors, norm_type=2.0',
    call: (call) => shaped(call, []),
  },
  {
    name: 'torch.nn.utils.skip_init',
    signature: 'module_cls, *args',
    call: (call) => {
      const cls = call.value('module_cls');
      const named = new Map([...call.args.values].filter(([name]) => name !== 'module_cls'));
      const module = cls && call.context.call(cls, call.args.rest, named);
      if (!call.state.isModule(module)) return module;
      for (const value of module.attributes.values()) {
        const id = call.state.parameterOf(value);
        const distribution = unknownDistribution('the elements are not initialised');
        if (id !== undefined)
          call.state.tracer.setInitialiser(id, { distribution, scheme: 'skip_init', isDefault: false });
      }
      return module;
    },
  },
  ...['torch.func.functional_call', 'torch.nn.utils.stateless.functional_call'].map(
    (name): NativeFunction => ({
      name,
      signature: 'module, parameters, args=None, kwargs=None, tie_weights=True, strict=False',
      call: (call) => {
        const [module, args] = [call.value('module'), call.value('args') ?? none];
        const positional = args.kind === 'none' ? [] : args.kind === 'tuple' ? args.items : [args];
        const given = call.value('kwargs');
        const entries = given?.kind === 'dict' ? [...given.entries.values()] : [];
        const named = entries.map(({ key, value }) => [key.kind === 'str' ? key.value : '', value] as const);
        return module && call.context.call(module, positional, new Map(named));
      },
    }),
  ),
  {
    name: 'torch.utils.checkpoint.checkpoint',
    signature: 'function, *args',
    call: (call) => {
      const callee = call.value('function');
      const named = new Map([...call.args.values].filter(([name]) => name !== 'function' && !ofCheckpoint.has(name)));
      return callee && call.context.call(callee, call.args.rest, named);
    },
  },
  {
    name: 'torch.utils.checkpoint.checkpoint_sequential',
    signature: 'functions, segments, input',
    call: (call) => {
      const steps = call.context.iterate(call.value('functions') ?? none);
      const input = call.value('input');
      return input && steps?.reduce<Value>((value, step) => call.context.call(step, [value]), input);
    },
  },
];

/** Arguments of `checkpoint` itself. */
const ofCheckpoint = new Set([
  'use_reentrant',
  'preserve_rng_state',
  'context_fn',
  'determinism_check',
  'debug',
  'early_stop',
]);

/** A copy with a bias of its own: what the norm did is in the weights from now on. */
function fuse(call: TorchCall): Value | undefined {
  const { state } = call;
  const module = call.value('module');
  if (!state.isModule(module)) return undefined;
  const fused: InstanceValue = copyModule(state, module);
  const [outputs] = state.payloadOf(fused.attributes.get('weight'))?.shape ?? [];
  const channels =
    call.flag('transpose') === true ? state.payloadOf(fused.attributes.get('weight'))?.shape?.[1] : outputs;
  if (typeof channels !== 'number') return undefined;
  const reason = 'a batch norm is fused into the layer';
  const initialiser = { distribution: unknownDistribution(reason), scheme: 'fused', isDefault: false };
  fused.attributes.set('bias', state.parameterValue([channels], initialiser, fused.made));
  return fused;
}
