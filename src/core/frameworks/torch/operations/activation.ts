import { bindFrameworkCall, useActivation } from '../../../activations/catalogue';
import type { ArgumentValue } from '../../../activations/entry';
import type { ParameterUse } from '../../../network/network';
import { divideDims, resolveAxis, shapeText } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import type { Value } from '../../../python/values';
import { addNode, addUnknown, reportProblem, type Site } from '../../tensor/trace';
import type { TorchState } from '../state';

/** What the call binds: arguments by PyTorch's names. */
export type ActivationArguments = (name: string) => Value | undefined;

/** Applies the catalogue entry that PyTorch knows under this qualified name. */
export function activate(
  state: TorchState,
  qualifiedName: string,
  argumentNames: readonly string[],
  argument: ActivationArguments,
  input: TracedTensor,
  site: Site,
  parameters: readonly ParameterUse[] = [],
): TracedTensor {
  const { session } = state;
  const named: Record<string, ArgumentValue | undefined> = {};
  for (const name of argumentNames) {
    const value = argument(name);
    if (value !== undefined) named[name] = argumentValue(value);
  }
  const bound = bindFrameworkCall('torch', qualifiedName, [], named);
  if (bound?.id === 'softmax' || bound?.id === 'log-softmax' || bound?.id === 'softmin') {
    const axis = qualifiedName.endsWith('2d') ? -3 : numericAxis(argument('dim'));
    return softmax(state, bound.id, axis, input, site);
  }
  if (bound?.id === 'glu') return gatedLinearUnit(state, numericAxis(argument('dim')) ?? -1, input, site);
  const activation = bound && useActivation(bound.id, bound.parameters);
  if (!activation) {
    return addUnknown(session, `${qualifiedName} with these arguments has no curve`, [input], input.shape, site);
  }
  return addNode(session, { kind: 'activation', activation }, [input], input.shape, site, parameters);
}

export function softmax(
  state: TorchState,
  variant: 'softmax' | 'log-softmax' | 'softmin',
  axis: number | undefined,
  input: TracedTensor,
  site: Site,
): TracedTensor {
  const rank = input.shape?.length;
  const resolved = rank === undefined ? axis : resolveAxis(axis ?? legacyAxis(rank), rank);
  if (resolved === undefined || resolved < 0) {
    if (rank !== undefined)
      reportProblem(state.session, `${variant} over axis ${axis} of ${shapeText(input.shape)}`, site);
    return addUnknown(state.session, `the axis of a ${variant} is not known`, [input], input.shape, site);
  }
  return addNode(state.session, { kind: 'softmax', variant, axis: resolved }, [input], input.shape, site);
}

export function gatedLinearUnit(state: TorchState, axis: number, input: TracedTensor, site: Site): TracedTensor {
  const { shape } = input;
  const resolved = shape && resolveAxis(axis, shape.length);
  if (!shape || resolved === undefined) {
    return addUnknown(state.session, 'a GLU of a tensor of unknown shape', [input], undefined, site);
  }
  const output = shape.map((size, index) => (index === resolved ? divideDims(size, 2) : size));
  const gate = useActivation('sigmoid');
  return addNode(state.session, { kind: 'gatedLinearUnit', gate, axis: resolved }, [input], output, site);
}

/** `torch.nn.functional._get_softmax_dim`, what softmax without `dim` does. */
function legacyAxis(rank: number): number {
  return rank === 0 || rank === 1 || rank === 3 ? 0 : 1;
}

function numericAxis(value: Value | undefined): number | undefined {
  return value?.kind === 'int' ? value.value : undefined;
}

/** Undefined for what could not be worked out. */
export function argumentValue(value: Value): ArgumentValue | undefined {
  switch (value.kind) {
    case 'int':
    case 'float':
    case 'bool':
    case 'str':
      return value.value;
    case 'none':
      return null;
    default:
      return undefined;
  }
}
