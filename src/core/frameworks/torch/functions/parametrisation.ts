import { orthogonal, unknownDistribution } from '../../../network/initialisers';
import type { Initialiser } from '../../../network/network';
import { dividedBySpectralNorm } from '../../../network/spectralNorm';
import { makeBool, trueValue } from '../../../python/make';
import type { InstanceValue, Value } from '../../../python/values';
import { addUnknown } from '../../tensor/trace';
import type { NativeFunction, TorchCall } from '../call';
import type { TorchState } from '../state';

/** Where a reparametrisation keeps the parameter it replaces, and how it names the new ones. */
interface Target {
  readonly module: InstanceValue;
  readonly name: string;
  /** The parameter that is replaced. */
  readonly parameter: InstanceValue;
}

const weight = "module, name='weight'";
/** PyTorch 2.13 `nn/utils/parametrizations.py`: rounds of power iteration before the first forward pass, which adds its own. */
const roundsWhenMade = 15;

/**
 * Weight and spectral normalisation and parametrisations, PyTorch 2.13 `nn/utils`: the module keeps other parameters, under other
 * names, from which the weight is computed. At initialisation weight normalisation computes what stood there.
 */
export const parametrisationFunctions: readonly NativeFunction[] = [
  replacing('weight_norm', `${weight}, dim=0`, ({ module, name, parameter }, call) => {
    module.attributes.set(`${name}_g`, norms(call, parameter));
    module.attributes.set(`${name}_v`, parameter);
  }),
  replacing('spectral_norm', `${weight}, n_power_iterations=1, eps=1e-12, dim=None`, (target, call) => {
    target.module.attributes.set(`${target.name}_orig`, target.parameter);
    divideBySpectralNorm(target, call, 0);
  }),
  replacing('parametrizations.weight_norm', `${weight}, dim=0`, (target, call) => {
    keep(call.state, target, { original0: norms(call, target.parameter), original1: target.parameter });
  }),
  replacing(
    'parametrizations.spectral_norm',
    `${weight}, n_power_iterations=1, eps=1e-12, dim=None`,
    (target, call) => {
      keep(call.state, target, { original: target.parameter });
      divideBySpectralNorm(target, call, roundsWhenMade);
    },
  ),
  replacing(
    'parametrizations.orthogonal',
    `${weight}, orthogonal_map=None, use_trivialization=True`,
    (target, call) => {
      keep(call.state, target, { original: target.parameter });
      reinitialise(call.state, target.parameter, ({ scheme }, shape) => ({
        distribution: orthogonal(shape, 'outputFirst'),
        scheme: `${scheme}, made orthogonal`,
      }));
    },
  ),
  {
    name: 'torch.nn.utils.parametrize.register_parametrization',
    signature: 'module, tensor_name, parametrization, unsafe=False',
    call: register,
  },
  ...(
    ['remove_weight_norm', 'remove_spectral_norm', 'parametrize.remove_parametrizations', 'prune.remove'] as const
  ).map(
    (name): NativeFunction => ({
      name: `torch.nn.utils.${name}`,
      signature: name === 'parametrize.remove_parametrizations' ? 'module, name, leave_parametrized=True' : weight,
      call: restore,
    }),
  ),
  {
    name: 'torch.nn.utils.parametrize.is_parametrized',
    signature: 'module, tensor_name=None',
    call: (call) => {
      const module = moduleOf(call);
      const name = call.text('tensor_name');
      const lists = module?.attributes.get('parametrizations');
      if (lists?.kind !== 'instance') return makeBool(false);
      return makeBool(name === undefined || lists.attributes.has(name));
    },
  },
  {
    name: 'torch.nn.utils.parametrize.type_before_parametrizations',
    signature: 'module',
    call: (call) => moduleOf(call)?.class,
  },
];

/** A function that takes a parameter of a module's apart and puts others in its place. */
export function replacing(
  name: string,
  signature: string,
  replace: (target: Target, call: TorchCall) => void,
): NativeFunction {
  return {
    name: `torch.nn.utils.${name}`,
    signature,
    call: (call) => {
      const target = targetOf(call);
      if (!target) return undefined;
      target.module.attributes.delete(target.name);
      replace(target, call);
      target.module.attributes.set(target.name, sameTensor(call.state, target.parameter));
      return target.module;
    },
  };
}

export function moduleOf(call: TorchCall): InstanceValue | undefined {
  const module = call.value('module');
  return call.state.isModule(module) ? module : undefined;
}

function targetOf(call: TorchCall): Target | undefined {
  const module = moduleOf(call);
  const name = call.text('name') ?? call.text('tensor_name');
  const parameter = name === undefined ? undefined : module?.attributes.get(name);
  if (!module || name === undefined || !call.state.isParameter(parameter)) return undefined;
  return { module, name, parameter };
}

/** What stands where the parameter stood: read as it, but not registered, and not worth writing into. */
function sameTensor(state: TorchState, parameter: InstanceValue): Value {
  const payload = state.payloadOf(parameter);
  if (!payload) return parameter;
  return state.lazyTensor(
    payload.shape,
    () => payload.tensor,
    { ...payload.facts, isRecomputed: true },
    parameter.made,
  );
}

/** One norm for each slice of the axis, or for the whole. */
function norms(call: TorchCall, parameter: InstanceValue): Value {
  const { state } = call;
  const sizes = state.payloadOf(parameter)?.shape ?? [];
  const axis = call.int('dim');
  const shape = call.has('dim')
    ? sizes.map((size, index) => (index === axis && typeof size === 'number' ? size : 1))
    : [];
  const distribution = unknownDistribution('the norms of the weights');
  return state.parameterValue(shape, { distribution, scheme: 'norm of the weights', isDefault: true }, parameter.made);
}

/** `module.parametrizations.<name>`: a list of what is applied, which holds the original as well. */
function keep(state: TorchState, { module, name }: Target, originals: Readonly<Record<string, Value>>): InstanceValue {
  const before = module.attributes.get('parametrizations');
  const lists = before?.kind === 'instance' ? before : plainModule(state.moduleClass, module);
  const list = plainModule(state.moduleListClass, module);
  for (const [key, value] of Object.entries(originals)) list.attributes.set(key, value);
  lists.attributes.set(name, list);
  module.attributes.set('parametrizations', lists);
  return list;
}

function plainModule(cls: InstanceValue['class'], parent: InstanceValue): InstanceValue {
  return { kind: 'instance', class: cls, attributes: new Map([['training', trueValue]]), made: parent.made };
}

/** The weight is the parametrisations applied to the original, one after the other. */
function register(call: TorchCall): Value | undefined {
  const module = moduleOf(call);
  const name = call.text('tensor_name');
  const parametrisation = call.value('parametrization');
  if (!module || name === undefined || !parametrisation) return undefined;
  const lists = module.attributes.get('parametrizations');
  const known = lists?.kind === 'instance' ? lists.attributes.get(name) : undefined;
  if (known?.kind === 'instance') {
    known.attributes.set(
      String([...known.attributes.keys()].filter((key) => /^\d+$/.test(key)).length),
      parametrisation,
    );
    return module;
  }
  const target = targetOf(call);
  if (!target) return undefined;
  const { context, state } = call;
  module.attributes.delete(name);
  const list = keep(state, target, { original: target.parameter, 0: parametrisation });
  const site = call.site();
  const shape = state.payloadOf(target.parameter)?.shape;
  const computed = state.tensorOfParameters(shape, () => {
    const steps = [...list.attributes].filter(([key]) => /^\d+$/.test(key));
    const result = steps.reduce<Value>((value, [, step]) => context.call(step, [value]), target.parameter);
    return state.tensorOf(result) ?? addUnknown(state.session, 'a parametrisation is not known', [], shape, site);
  });
  module.attributes.set(name, computed);
  return module;
}

/** The parameter takes its place again, behind the others. */
function restore(call: TorchCall): Value | undefined {
  const module = moduleOf(call);
  const name = call.text('name');
  if (!module || name === undefined) return undefined;
  const { attributes } = module;
  const lists = attributes.get('parametrizations');
  const list = lists?.kind === 'instance' ? lists.attributes.get(name) : undefined;
  const original = (key: string) => (list?.kind === 'instance' ? list.attributes.get(key) : undefined);
  const parameter =
    attributes.get(`${name}_v`) ?? attributes.get(`${name}_orig`) ?? original('original1') ?? original('original');
  if (!call.state.isParameter(parameter)) return module;
  for (const key of [name, `${name}_g`, `${name}_v`, `${name}_orig`]) attributes.delete(key);
  if (lists?.kind === 'instance') lists.attributes.delete(name);
  if (lists?.kind === 'instance' && ![...lists.attributes.values()].some((value) => call.state.isModule(value))) {
    attributes.delete('parametrizations');
  }
  attributes.set(name, parameter);
  return module;
}

/** PyTorch 2.13 `nn/utils/spectral_norm.py`: rows are the outputs, which stand second in a transposed convolution's weight. */
function divideBySpectralNorm({ module, parameter }: Target, call: TorchCall, roundsBefore: number): void {
  const isTransposed = module.class.mro.some(({ name }) => /^torch\.nn\.ConvTranspose\dd$/.test(name));
  const axis = call.has('dim') ? call.int('dim') : isTransposed ? 1 : 0;
  const rounds = call.int('n_power_iterations');
  reinitialise(call.state, parameter, ({ distribution, scheme }, shape) => {
    const rows = axis === undefined ? undefined : shape.at(axis);
    return {
      distribution:
        rows === undefined || rounds === undefined
          ? unknownDistribution('how often the largest singular value is iterated is not known')
          : dividedBySpectralNorm(distribution, shape, rows, roundsBefore + rounds),
      scheme: `${scheme}, divided by the largest singular value`,
    };
  });
}

export function reinitialise(
  state: TorchState,
  parameter: InstanceValue,
  change: (initialiser: Initialiser, shape: readonly number[]) => Pick<Initialiser, 'distribution' | 'scheme'>,
): void {
  const id = state.parameterOf(parameter);
  if (id === undefined) return;
  const { initialiser, shape } = state.tracer.parameter(id);
  state.tracer.setInitialiser(id, { ...initialiser, ...change(initialiser, shape) });
}
