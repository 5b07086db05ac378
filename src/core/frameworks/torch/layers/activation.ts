import type { FrameworkArgument } from '../../../activations/entry';
import { torchNames } from '../../../activations/torchNames';
import { constant } from '../../../network/initialisers';
import type { TracedTensor } from '../../../network/tracer';
import { makeFloat } from '../../../python/make';
import type { TorchCall } from '../call';
import type { Layer, LayerEntry } from '../layer';
import { activate } from '../operations/activation';

/** The layers that the catalogue names. */
export const activationLayers: readonly LayerEntry[] = torchNames
  .filter((alias) => alias.kind === 'layer' && alias.name !== 'torch.nn.Identity')
  .map((alias): LayerEntry => {
    const names = alias.arguments.map((argument) => argument.name);
    const isTrainable = alias.id === 'prelu';
    return {
      name: alias.name.slice('torch.nn.'.length),
      signature: alias.arguments.map(argumentText).join(', '),
      ...(isTrainable && { build: buildSlope }),
      forward: (layer, call) => {
        const input = call.tensor('input');
        if (!input) return undefined;
        if (isTrainable) return layer.result(parametricRelu(layer, alias.name, names, input, call));
        return layer.result(activate(layer.state, alias.name, names, (name) => layer.get(name), input, call.site()));
      },
    };
  });

/** A signature as `bindArguments` reads it. */
export function argumentText(argument: FrameworkArgument): string {
  const value = argument.default;
  if (value === undefined) return argument.name;
  if (value === null) return `${argument.name}=None`;
  if (typeof value === 'boolean') return `${argument.name}=${value ? 'True' : 'False'}`;
  return typeof value === 'string' ? `${argument.name}='${value}'` : `${argument.name}=${value}`;
}

function buildSlope(layer: Layer): void {
  const slope = layer.number('init') ?? 0.25;
  layer.parameter('weight', [layer.int('num_parameters')], constant(slope), `constant_(${slope})`);
}

/** The slope is what the weight holds by now, where that is one number. */
function parametricRelu(
  layer: Layer,
  qualifiedName: string,
  names: readonly string[],
  input: TracedTensor,
  call: TorchCall,
): TracedTensor {
  const { state } = layer;
  const weight = state.parameterOf(layer.get('weight'));
  const distribution = weight === undefined ? undefined : state.tracer.parameter(weight).initialiser.distribution;
  const read = (name: string) =>
    name === 'init' && distribution?.kind === 'constant' ? makeFloat(distribution.value) : layer.get(name);
  return activate(state, qualifiedName, names, read, input, call.site(), state.use('weight', layer.get('weight')));
}
