import type { ActivationUse } from '../../../activations/activation';
import { bindFrameworkCall, useActivation } from '../../../activations/catalogue';
import { subtract, z } from '../../../activations/construct';
import type { Dim, ParameterUse, Shape } from '../../../network/network';
import type { TracedTensor } from '../../../network/tracer';
import type { InstanceValue, Value } from '../../../python/values';
import { ArrayPayload, payloadValue, sizesOf, tensorOf } from '../../numpy/arrays';
import { addExpression, addSum } from '../../tensor/elementwise';
import { sliceAxis } from '../../tensor/rearranging';
import { addNode } from '../../tensor/trace';
import type { LayerCall, LayerType, LayerTypes } from '../layerCall';

export type CellKind = 'rnn' | 'lstm' | 'gru';

const linenEnd =
  'kernel_init=None, recurrent_kernel_init=None, bias_init=None, dtype=None, param_dtype=None, carry_init=None';
const gated = 'gate_fn=None, activation_fn=None';
const nnxEnd =
  'kernel_init=None, recurrent_kernel_init=None, bias_init=None, dtype=None, param_dtype=None, carry_init=None, promote_dtype=None, keep_rngs=False, rngs=None, kernel_metadata=None, recurrent_kernel_metadata=None, bias_metadata=None';

/** Recurrent cells. Fields, arguments and weights: flax 0.12.8, linen/recurrent.py and nnx/nn/recurrent.py. */
export const cellLayers: LayerTypes = {
  LSTMCell: cell('lstm', `features, ${gated}, ${linenEnd}`, `in_features, hidden_features, *, ${gated}, ${nnxEnd}`),
  OptimizedLSTMCell: cell(
    'lstm',
    `features, ${gated}, ${linenEnd}`,
    `in_features, hidden_features, *, ${gated}, ${nnxEnd}`,
  ),
  GRUCell: cell('gru', `features, ${gated}, ${linenEnd}`, `in_features, hidden_features, *, ${gated}, ${nnxEnd}`),
  SimpleCell: cell(
    'rnn',
    `features, activation_fn=None, ${linenEnd}, residual=False`,
    `in_features, hidden_features, *, residual=False, activation_fn=None, ${nnxEnd}`,
  ),
};

const kinds: Readonly<Record<string, CellKind>> = {
  LSTMCell: 'lstm',
  OptimizedLSTMCell: 'lstm',
  GRUCell: 'gru',
  SimpleCell: 'rnn',
};

export function cellKindOf(layer: InstanceValue): CellKind | undefined {
  for (const { name } of layer.class.mro) {
    const kind = kinds[name.slice(name.lastIndexOf('.') + 1)];
    if (kind) return kind;
  }
  return undefined;
}

export interface CellSizes {
  readonly features: number;
  readonly units: number;
}

/** Sizes of a cell that is applied to `args.positional[0]`, or to the second argument where a carry comes first. */
export function cellSizes(call: LayerCall, input = call.input): CellSizes | undefined {
  const units = call.size('features', 'hidden_features');
  const width = call.bound.has('in_features') ? call.int('in_features') : input?.shape?.at(-1);
  return units === undefined || typeof width !== 'number' ? undefined : { features: width, units };
}

export function cellActivations(
  call: LayerCall,
  kind: CellKind,
): { readonly activation: ActivationUse; readonly gateActivation: ActivationUse } | undefined {
  const activation = activationOf(call, 'activation_fn', 'tanh');
  const gateActivation = kind === 'rnn' ? useActivation('linear') : activationOf(call, 'gate_fn', 'sigmoid');
  return activation && gateActivation && { activation, gateActivation };
}

/** Gates in the order of the framework, with the names of their matrices in linen and in `nnx.LSTMCell`. */
const gateNames: Readonly<Record<CellKind, readonly string[]>> = {
  rnn: [''],
  lstm: ['i', 'f', 'g', 'o'],
  gru: ['r', 'z', 'n'],
};

/** The gate whose matrices a parameter belongs to is the last part of its role: `inputWeight0`, `inputWeight0.f`. */
export function cellWeights(call: LayerCall, kind: CellKind, features: number, units: number): readonly ParameterUse[] {
  const isJoint = !call.home.isLinen && call.label !== 'LSTMCell';
  const gates = gateNames[kind];
  if (isJoint) {
    const width = gates.length * units;
    return [
      kernel(call, 'inputWeight0', 'dense_i.kernel', features, width, 'kernel_init', 'lecun_normal'),
      kernel(call, 'recurrentWeight0', 'dense_h.kernel', units, width, 'recurrent_kernel_init', 'orthogonal'),
      kind === 'lstm'
        ? biasOf(call, 'recurrentBias0', 'dense_h.bias', width)
        : biasOf(call, 'inputBias0', 'dense_i.bias', width),
    ];
  }
  return gates.flatMap((gate, index) => {
    const role = (name: string) => (index === 0 ? name : `${name}.${gate}`);
    const inName = `i${gate}${!call.home.isLinen && gate === 'f' ? '_' : ''}`;
    const hasInputBias = kind !== 'lstm';
    const hasRecurrentBias = kind === 'lstm' || gate === 'n';
    return [
      kernel(call, role('inputWeight0'), `${inName}.kernel`, features, units, 'kernel_init', 'lecun_normal'),
      kernel(call, role('recurrentWeight0'), `h${gate}.kernel`, units, units, 'recurrent_kernel_init', 'orthogonal'),
      ...(hasInputBias ? [biasOf(call, role('inputBias0'), `${inName}.bias`, units)] : []),
      ...(hasRecurrentBias ? [biasOf(call, role('recurrentBias0'), `h${gate}.bias`, units)] : []),
    ];
  });
}

function kernel(
  call: LayerCall,
  role: string,
  name: string,
  features: number,
  units: number,
  argument: string,
  fallback: 'lecun_normal' | 'orthogonal',
): ParameterUse {
  return call.parameter(role, { name, shape: [features, units], stored: [units, features], argument, fallback });
}

function biasOf(call: LayerCall, role: string, name: string, units: number): ParameterUse {
  return call.parameter(role, { name, shape: [units], argument: 'bias_init', fallback: 'zeros' });
}

function cell(kind: CellKind, linen: string, nnx: string): LayerType {
  return {
    linen,
    nnx,
    weights: (call) => {
      const sizes = cellSizes(call);
      if (sizes) cellWeights(call, kind, sizes.features, sizes.units);
    },
    call: (call) => step(call, kind),
    methods: { initialize_carry: (call) => initialCarry(call, kind) },
  };
}

/** `cell.initialize_carry(key, input_shape)`: zeros; nnx takes the shape first. */
function initialCarry(call: LayerCall, kind: CellKind): Value | undefined {
  const given = call.args.named.get('input_shape') ?? call.args.positional[call.home.isLinen ? 1 : 0];
  const sizes = given && sizesOf(given, call.context);
  const units = call.size('features', 'hidden_features');
  if (!sizes || units === undefined) return undefined;
  const shape = [...sizes.slice(0, -1), units];
  const zeros = (): Value => {
    const make = () => addNode(call.session, { kind: 'constant', value: 0 }, [], shape, call.site('carry'));
    return payloadValue(call.state, new ArrayPayload(shape, make));
  };
  return kind === 'lstm' ? { kind: 'tuple', items: [zeros(), zeros()] } : zeros();
}

/** One step, `(carry, x) → (carry, y)`, spelled out gate by gate. */
function step(call: LayerCall, kind: CellKind): Value | TracedTensor | undefined {
  const carry = call.args.positional[0] ?? call.args.named.get('carry');
  const input = tensorOf(call.args.positional[1] ?? call.args.named.get('inputs'));
  const states = (carry && kind === 'lstm' ? call.context.iterate(carry) : carry && [carry])?.map(tensorOf);
  const hidden = states?.at(-1);
  const sizes = cellSizes(call, input);
  const activations = cellActivations(call, kind);
  if (!input || !hidden || !sizes || !activations)
    return call.unknown(`one step of ${call.title} is not known`, undefined);
  const uses = cellWeights(call, kind, sizes.features, sizes.units);
  const gates = new StepGates(call, kind, sizes, uses, input, hidden, activations.gateActivation);
  const value = (tensor: TracedTensor): Value => call.state.tensorValue(tensor);
  const pair = (next: Value, output: TracedTensor): Value => ({ kind: 'tuple', items: [next, value(output)] });
  if (kind === 'rnn') {
    const next = gates.activate(activations.activation, gates.preactivation(0), 'h');
    return pair(value(next), next);
  }
  if (kind === 'gru') {
    const reset = gates.gate(0);
    const update = gates.gate(1);
    const candidate = gates.activate(activations.activation, gates.candidate(2, reset), 'n');
    const kept = gates.multiply(update, hidden);
    const open = addExpression(call.session, subtract(1, z), [update], update.shape, call.site('open'));
    const next = addSum(call.session, [gates.multiply(open, candidate), kept], [1, 1], call.site('h'));
    return pair(value(next), next);
  }
  const [memory] = states ?? [];
  if (!memory) return undefined;
  const written = gates.multiply(gates.gate(0), gates.activate(activations.activation, gates.preactivation(2), 'g'));
  const next = addSum(call.session, [gates.multiply(gates.gate(1), memory), written], [1, 1], call.site('c'));
  const output = gates.multiply(gates.gate(3), gates.activate(activations.activation, next, 'h'));
  return pair({ kind: 'tuple', items: [value(next), value(output)] }, output);
}

/** The parts of one step of a gated cell. */
class StepGates {
  readonly #linear = new Map<string, TracedTensor>();

  constructor(
    readonly call: LayerCall,
    readonly kind: CellKind,
    readonly sizes: CellSizes,
    readonly uses: readonly ParameterUse[],
    readonly input: TracedTensor,
    readonly hidden: TracedTensor,
    readonly gateActivation: ActivationUse,
  ) {}

  gate(index: number): TracedTensor {
    return this.activate(this.gateActivation, this.preactivation(index), gateNames[this.kind][index] ?? '');
  }

  preactivation(index: number): TracedTensor {
    const parts = [this.#part(index, 'input'), this.#part(index, 'recurrent')];
    return addSum(this.call.session, parts, [1, 1], this.call.site('sum'));
  }

  /** The GRU's candidate before its activation: the recurrent part is scaled by the reset gate. */
  candidate(index: number, reset: TracedTensor): TracedTensor {
    const recalled = this.multiply(reset, this.#part(index, 'recurrent'));
    return addSum(this.call.session, [this.#part(index, 'input'), recalled], [1, 1], this.call.site('sum'));
  }

  multiply(first: TracedTensor, second: TracedTensor): TracedTensor {
    return addNode(this.call.session, { kind: 'product' }, [first, second], first.shape, this.call.site('product'));
  }

  activate(activation: ActivationUse, tensor: TracedTensor, part: string): TracedTensor {
    return this.call.add(
      { kind: 'activation', activation },
      [tensor],
      tensor.shape,
      [],
      activation.id,
      part || 'activation',
    );
  }

  #part(index: number, side: 'input' | 'recurrent'): TracedTensor {
    const { units, features } = this.sizes;
    const gate = gateNames[this.kind][index] ?? '';
    const source = side === 'input' ? this.input : this.hidden;
    const inFeatures = side === 'input' ? features : units;
    const own = this.#usesOf(side, gate, index);
    const joint = this.call.session.tracer.parameter(own[0]?.parameter ?? 0).shape[0] ?? units;
    const outer: readonly Dim[] = source.shape?.slice(0, -1) ?? [];
    const whole =
      joint === units
        ? this.#made(`${side}.${gate}`, source, inFeatures, units, own)
        : this.#made(side, source, inFeatures, joint, own);
    if (joint === units) return whole;
    const range = { from: index * units, to: (index + 1) * units, step: 1, drop: false };
    return sliceAxis(this.call.session, whole, outer.length, range, this.call.site('gate'));
  }

  #made(
    name: string,
    source: TracedTensor,
    inFeatures: number,
    outFeatures: number,
    uses: readonly ParameterUse[],
  ): TracedTensor {
    const known = this.#linear.get(name);
    if (known) return known;
    const shape: Shape = source.shape && [...source.shape.slice(0, -1), outFeatures];
    const made = this.call.add({ kind: 'linear', inFeatures, outFeatures }, [source], shape, uses, name, name);
    this.#linear.set(name, made);
    return made;
  }

  #usesOf(side: 'input' | 'recurrent', gate: string, index: number): readonly ParameterUse[] {
    const of = (part: string, role: string): readonly ParameterUse[] => {
      const name = `${side}${part}0`;
      const use = this.uses.find((candidate) => candidate.role === (index === 0 ? name : `${name}.${gate}`));
      const found = use ?? (part === 'Weight' ? this.uses.find((candidate) => candidate.role === name) : undefined);
      const isJointBias = part === 'Bias' && !this.uses.some((candidate) => candidate.role.includes('.'));
      const joint = isJointBias ? this.uses.find((candidate) => candidate.role === name) : undefined;
      const chosen = found ?? joint;
      return chosen ? [{ role, parameter: chosen.parameter }] : [];
    };
    return [...of('Weight', 'weight'), ...of('Bias', 'bias')];
  }
}

function activationOf(call: LayerCall, argument: string, fallback: string): ActivationUse | undefined {
  const value = call.value(argument);
  if (!value || value.kind === 'none') return useActivation(fallback);
  const bound = value.kind === 'native' ? bindFrameworkCall('flax', value.name) : undefined;
  return bound && useActivation(bound.id, bound.parameters);
}
