import { useActivation } from '../../src/core/activations/catalogue';
import type { ModelAnalysis } from '../../src/core/analysis';
import type { Finding } from '../../src/core/findings/finding';
import type { Network, NetworkNode, Operation, Parameter } from '../../src/core/network/network';
import type { NodeSignal } from '../../src/core/signal/profile';

const file = 'file:///work/model.py';
const span = (line: number) => ({ file, start: line * 20, end: line * 20 + 19 });

export interface SampleLayer {
  readonly path: string;
  readonly label: string;
  readonly operation: Operation;
  readonly gradient: number | undefined;
  readonly activation: number | undefined;
  readonly sd?: number;
  readonly saturated?: number;
  readonly preactivation?: NodeSignal['preactivation'];
  readonly flags?: NodeSignal['flags'];
}

/** A chain of layers with the numbers given: no engine has a part in it. */
export function sampleModel(
  name: string,
  layers: readonly SampleLayer[],
  more: Partial<ModelAnalysis> = {},
): ModelAnalysis {
  const parameters: Parameter[] = [];
  const input: NetworkNode = {
    ...nodeBase(0, 'input', 'input', { kind: 'input', index: 0, content: 'real' }),
    inputs: [],
  };
  const nodes = [
    input,
    ...layers.map((layer, index): NetworkNode => {
      const node = nodeBase(index + 1, layer.path, layer.label, layer.operation);
      const shape = weightShape(layer.operation);
      if (!shape) return node;
      const parameter: Parameter = {
        id: parameters.length,
        path: `${layer.path}.weight`,
        shape,
        initialiser: {
          distribution: { kind: 'uniform', low: -0.1, high: 0.1 },
          scheme: 'kaiming_uniform_(a=√5)',
          isDefault: true,
        },
        isTrainable: true,
      };
      parameters.push(parameter);
      return { ...node, parameters: [{ role: 'weight', parameter: parameter.id }] };
    }),
  ];
  const network: Network = {
    nodes,
    parameters,
    inputs: [0],
    outputs: [layers.length],
    loss: undefined,
    batchSize: 64,
  };
  const signals = [{ activation: 0, gradient: undefined } as Partial<SampleLayer>, ...layers].map(signalOf);
  return {
    name,
    framework: 'torch',
    span: span(2),
    body: span(2),
    definition: undefined,
    network,
    signal: { nodes: signals },
    input: { statistics: 'image-normalised', isAssumed: true, given: 'image-normalised' },
    findings: [],
    assumptions: [],
    origins: [],
    unknowns: [],
    ...more,
  };
}

function nodeBase(id: number, path: string, label: string, operation: Operation): NetworkNode {
  const place = span(id + 3);
  return {
    id,
    operation,
    inputs: [Math.max(0, id - 1)],
    outputShape: [{ perBatch: 1 }, 64],
    path,
    label,
    parameters: [],
    provenance: { made: place, applied: place, through: [] },
  };
}

function weightShape(operation: Operation): readonly number[] | undefined {
  if (operation.kind === 'linear') return [operation.outFeatures, operation.inFeatures];
  if (operation.kind === 'convolution') return [operation.outChannels, operation.inChannels, ...operation.kernel];
  return undefined;
}

function signalOf(layer: Partial<SampleLayer>, node: number): NodeSignal {
  const estimate = (log10Rms: number | undefined) =>
    log10Rms === undefined ? undefined : { log10Rms, sd: layer.sd ?? 0.03 };
  return {
    node,
    activation: estimate(layer.activation),
    gradient: estimate(layer.gradient),
    weightGradient: undefined,
    weightGradients: {},
    outputMean: undefined,
    outputStd: undefined,
    saturated: layer.saturated,
    preactivation: layer.preactivation,
    steps: undefined,
    flags: layer.flags ?? [],
  };
}

export const linear: Operation = { kind: 'linear', inFeatures: 64, outFeatures: 64 };

export const convolution: Operation = {
  kind: 'convolution',
  rank: 2,
  inChannels: 64,
  outChannels: 64,
  kernel: [3, 3],
  stride: [1, 1],
  padding: [
    { before: 1, after: 1 },
    { before: 1, after: 1 },
  ],
  paddingMode: 'zeros',
  dilation: [1, 1],
  groups: 1,
  transposed: false,
  channelAxis: 1,
};

export function activation(id: 'sigmoid' | 'relu' | 'tanh'): Operation {
  return { kind: 'activation', activation: useActivation(id) };
}

const sigmoidFinding: Finding = {
  rule: 'vanishing-gradient',
  severity: 'error',
  message: {
    text: 'The gradient vanishes: at the first layer it is {ratio} of that at the last. {count} sigmoids in a row each pass on at most a quarter of it.',
    values: { ratio: { kind: 'log10', log10: -8 }, count: { kind: 'count', value: 11 } },
  },
  span: span(4),
  related: [],
  model: 'DeepSigmoid',
  layers: ['net.0', 'net.2', 'net.4'],
  fixes: [
    {
      title: { text: 'Use ReLU in the hidden layers', values: {} },
      effect: { quantity: 'firstLayerGradient', path: 'net.0', before: -8, after: -0.4, resolves: true },
      edits: [{ span: span(5), newText: 'nn.ReLU()' }],
      isPreferred: true,
    },
    {
      title: { text: 'Insert BatchNorm1d before each activation', values: {} },
      effect: { quantity: 'firstLayerGradient', path: 'net.0', before: -8, after: -2.1, resolves: false },
      edits: [{ span: span(5), newText: 'nn.BatchNorm1d(64)' }],
      isPreferred: false,
    },
  ],
};

/** Twelve linear layers with sigmoids between: the gradient falls from 0.1 to 1e-9 towards the input. */
export function deepSigmoid(): ModelAnalysis {
  const layers = Array.from({ length: 23 }, (_, index): SampleLayer => {
    const isLinear = index % 2 === 0;
    const gradient = -1 - ((22 - index) / 22) * 8;
    return {
      path: `net.${index}`,
      label: isLinear ? 'Linear(64, 64)' : 'Sigmoid()',
      operation: isLinear ? linear : activation('sigmoid'),
      gradient,
      activation: isLinear ? -0.45 : -0.28,
      sd: 0.05 + (22 - index) * 0.008,
      ...(isLinear
        ? {}
        : { saturated: 0.02 + 0.01 * index, preactivation: { mean: 0.08, std: 0.6 + index / 12, slopeRms: 0.235 } }),
    };
  });
  return sampleModel('DeepSigmoid', layers, {
    findings: [
      sigmoidFinding,
      {
        ...sigmoidFinding,
        rule: 'saturating-stack',
        severity: 'warning',
        fixes: [],
        message: { text: 'Eleven sigmoids in a row without a norm between them.', values: {} },
      },
    ],
    assumptions: [{ what: { text: 'batch size', values: {} }, value: '64', span: undefined }],
  });
}

/** The same as it would be with ReLU. */
export function repairedSigmoid(): ModelAnalysis {
  const base = deepSigmoid();
  const nodes = base.signal.nodes.map((signal, index) => ({
    ...signal,
    gradient: signal.gradient && { log10Rms: -1 - ((23 - index) / 22) * 0.7, sd: 0.1 },
    activation: signal.activation && { log10Rms: -0.1 - index * 0.02, sd: 0.04 },
    saturated: undefined,
  }));
  const changed = base.network.nodes.map((node) =>
    node.operation.kind === 'activation' ? { ...node, operation: activation('relu'), label: 'relu' } : node,
  );
  return { ...base, network: { ...base.network, nodes: changed }, signal: { nodes }, findings: [] };
}

/** Twenty convolutions with long module names; everything in order. */
export function residualCnn(): ModelAnalysis {
  const layers = Array.from({ length: 40 }, (_, index): SampleLayer => {
    const isConvolution = index % 2 === 0;
    return {
      path: `backbone.encoder.layer${1 + Math.floor(index / 10)}.${Math.floor((index % 10) / 2)}.${isConvolution ? 'convolution1' : 'activation'}`,
      label: isConvolution ? 'Conv2d(64, 64, kernel_size=(3, 3), padding=(1, 1), bias=False)' : 'ReLU(inplace=True)',
      operation: isConvolution ? convolution : activation('relu'),
      gradient: -3.2 + 0.25 * Math.sin(index / 3) + index * 0.012,
      activation: -0.1 + 0.2 * Math.cos(index / 4),
      sd: 0.06,
      ...(isConvolution ? {} : { saturated: 0.5, preactivation: { mean: 0, std: 1, slopeRms: Math.SQRT1_2 } }),
    };
  });
  return sampleModel('HealthyResidualNetworkWithALongName', layers);
}

/** Half of it rests on a layer that was not understood. */
export function partlyUnknown(): ModelAnalysis {
  const layers = Array.from({ length: 8 }, (_, index): SampleLayer => {
    const isUnknown = index === 3;
    return {
      path: isUnknown ? 'mixer' : `block.${index}`,
      label: isUnknown ? 'MambaMixer' : index % 2 === 0 ? 'Linear(64, 64)' : 'Tanh()',
      operation: isUnknown
        ? { kind: 'unknown', reason: 'its class comes from a package that was not found' }
        : index % 2 === 0
          ? linear
          : activation('tanh'),
      gradient: index > 3 ? -1.5 - (7 - index) * 0.2 : undefined,
      activation: index < 3 ? -0.3 - index * 0.1 : undefined,
      flags: index >= 3 ? ['unknown-upstream'] : [],
      ...(index === 1 ? { saturated: 0.03, preactivation: { mean: 0, std: 0.8, slopeRms: 0.7 } } : {}),
    };
  });
  return sampleModel('Hybrid', layers, {
    unknowns: [
      { reason: { text: '`MambaMixer` comes from `mamba_ssm`, which was not found', values: {} }, span: span(6) },
    ],
    assumptions: [
      { what: { text: 'input shape', values: {} }, value: '[64]', span: undefined },
      { what: { text: 'loss', values: {} }, value: 'mean squared error', span: undefined },
    ],
  });
}

/** Two hundred layers. */
export function veryDeep(): ModelAnalysis {
  const layers = Array.from(
    { length: 200 },
    (_, index): SampleLayer => ({
      path: `layers.${index}`,
      label: index % 2 === 0 ? 'Linear(64, 64)' : 'Tanh()',
      operation: index % 2 === 0 ? linear : activation('tanh'),
      gradient: -2 - ((199 - index) / 199) * 12,
      activation: -0.2 - (index / 199) * 3,
      sd: 0.02 + index * 0.002,
      ...(index % 2 === 1
        ? { saturated: Math.max(0, 0.2 - index / 900), preactivation: { mean: 0, std: 0.9, slopeRms: 0.6 } }
        : {}),
    }),
  );
  return sampleModel('VeryDeep', layers);
}

/** Names as nobody should write them. */
export function hostile(): ModelAnalysis {
  const name = '<img src=x onerror="window.hacked=1">';
  return sampleModel(
    name,
    [
      {
        path: '<script>window.hacked=1</script>',
        label: '**bold** [link](command:evil)',
        operation: linear,
        gradient: -1,
        activation: 0,
      },
      { path: '"><b>x</b>', label: '&lt;i&gt;', operation: activation('relu'), gradient: -1, activation: 0 },
    ],
    {
      findings: [{ ...sigmoidFinding, message: { text: '<b>{name}</b>', values: { name } }, layers: [] }],
      unknowns: [{ reason: { text: name, values: {} }, span: span(1) }],
    },
  );
}
