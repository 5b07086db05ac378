import { type ElementwiseId, useActivation } from '../../../src/core/activations/catalogue';
import type {
  Dim,
  Distribution,
  LossKind,
  Network,
  NetworkNode,
  NodeId,
  Operation,
  Parameter,
  ParameterUse,
} from '../../../src/core/network/network';

const nowhere = { file: 'model.py', start: 0, end: 0 };

export const variance = (value: number): Distribution => ({ kind: 'normal', mean: 0, std: Math.sqrt(value) });
export const zero: Distribution = { kind: 'constant', value: 0 };
const samples: Dim = { perBatch: 1 };

/** Builds small networks node by node; every method returns the new node's id. */
export class NetworkBuilder {
  readonly #nodes: NetworkNode[] = [];
  readonly #parameters: Parameter[] = [];

  constructor(readonly batchSize = 64) {}

  add(
    operation: Operation,
    inputs: readonly NodeId[],
    shape: readonly Dim[],
    parameters: readonly ParameterUse[] = [],
  ): NodeId {
    const id = this.#nodes.length;
    this.#nodes.push({
      id,
      operation,
      inputs,
      outputShape: shape,
      path: `node${id}`,
      label: operation.kind,
      parameters,
      provenance: { made: nowhere, applied: nowhere, through: [] },
    });
    return id;
  }

  parameter(role: string, shape: readonly number[], distribution: Distribution): ParameterUse {
    const id = this.#parameters.length;
    const initialiser = { distribution, scheme: distribution.kind, isDefault: false };
    this.#parameters.push({ id, path: `${role}${id}`, shape, initialiser, isTrainable: true });
    return { role, parameter: id };
  }

  input(...shape: readonly number[]): NodeId {
    return this.add({ kind: 'input', index: 0, content: 'real' }, [], [samples, ...shape]);
  }

  linear(input: NodeId, outFeatures: number, weight: Distribution, bias: Distribution = zero): NodeId {
    const shape = this.shapeOf(input);
    const inFeatures = shape.at(-1) as number;
    return this.add(
      { kind: 'linear', inFeatures, outFeatures },
      [input],
      [...shape.slice(0, -1), outFeatures],
      [this.parameter('weight', [outFeatures, inFeatures], weight), this.parameter('bias', [outFeatures], bias)],
    );
  }

  /** A convolution of one tap over [channels, length]: every position is a sample of its own. */
  pointwise(input: NodeId, outChannels: number, weight: Distribution, bias: Distribution = zero): NodeId {
    const [batch, inChannels, length] = this.shapeOf(input);
    return this.add(
      {
        kind: 'convolution',
        rank: 1,
        inChannels: inChannels as number,
        outChannels,
        kernel: [1],
        stride: [1],
        padding: [{ before: 0, after: 0 }],
        paddingMode: 'zeros',
        dilation: [1],
        groups: 1,
        transposed: false,
        channelAxis: 1,
      },
      [input],
      [batch, outChannels, length],
      [
        this.parameter('weight', [outChannels, inChannels as number, 1], weight),
        this.parameter('bias', [outChannels], bias),
      ],
    );
  }

  activation(input: NodeId, id: ElementwiseId): NodeId {
    return this.add({ kind: 'activation', activation: useActivation(id) }, [input], this.shapeOf(input));
  }

  same(operation: Operation, ...inputs: readonly NodeId[]): NodeId {
    return this.add(operation, inputs, this.shapeOf(inputs[0] as NodeId));
  }

  loss(loss: LossKind, prediction: NodeId, target?: NodeId): NodeId {
    const inputs = target === undefined ? [prediction] : [prediction, target];
    return this.add({ kind: 'loss', loss, reduction: 'mean' }, inputs, []);
  }

  shapeOf(id: NodeId): readonly Dim[] {
    return this.#nodes[id]?.outputShape ?? [];
  }

  network(output: NodeId, loss?: NodeId): Network {
    return {
      nodes: this.#nodes,
      parameters: this.#parameters,
      inputs: this.#nodes.filter((node) => node.operation.kind === 'input').map((node) => node.id),
      outputs: [output],
      loss,
      batchSize: this.batchSize,
    };
  }
}
