import { useActivation } from '../../../src/core/activations/catalogue';
import { normal, zeros } from '../../../src/core/network/initialisers';
import type {
  Network,
  NetworkNode,
  NodeId,
  Operation,
  Parameter,
  ParameterUse,
  Shape,
} from '../../../src/core/network/network';

const nowhere = { file: 'model.py', start: 0, end: 0 };
const batch = { perBatch: 1 } as const;

/** Builds networks by hand; every method gives the id of the node it adds. */
export class NetworkBuilder {
  readonly nodes: NetworkNode[] = [];
  readonly parameters: Parameter[] = [];

  add(
    path: string,
    operation: Operation,
    inputs: readonly NodeId[],
    shape: Shape,
    parameters: readonly ParameterUse[] = [],
  ): NodeId {
    const id = this.nodes.length;
    const provenance = { made: nowhere, applied: nowhere, through: [] };
    this.nodes.push({ id, operation, inputs, outputShape: shape, path, label: path, parameters, provenance });
    return id;
  }

  input(...sizes: readonly number[]): NodeId {
    return this.add('x', { kind: 'input', index: 0, content: 'real' }, [], [batch, ...sizes]);
  }

  linear(path: string, from: NodeId, inFeatures: number, outFeatures: number): NodeId {
    const weight = this.parameter(`${path}.weight`, [outFeatures, inFeatures]);
    const bias = this.parameter(`${path}.bias`, [outFeatures]);
    return this.add(
      path,
      { kind: 'linear', inFeatures, outFeatures },
      [from],
      [batch, outFeatures],
      [
        { role: 'weight', parameter: weight },
        { role: 'bias', parameter: bias },
      ],
    );
  }

  activation(path: string, id: 'relu' | 'sigmoid' | 'tanh', from: NodeId): NodeId {
    return this.add(path, { kind: 'activation', activation: useActivation(id) }, [from], this.nodes[from]?.outputShape);
  }

  same(path: string, operation: Operation, ...inputs: readonly NodeId[]): NodeId {
    return this.add(path, operation, inputs, this.nodes[inputs[0] ?? -1]?.outputShape);
  }

  parameter(path: string, shape: readonly number[]): number {
    const id = this.parameters.length;
    const distribution = shape.length > 1 ? normal(0, 0.01) : zeros;
    this.parameters.push({
      id,
      path,
      shape,
      initialiser: { distribution, scheme: 'normal_', isDefault: false },
      isTrainable: true,
    });
    return id;
  }

  network(output: NodeId, loss?: NodeId): Network {
    return { nodes: this.nodes, parameters: this.parameters, inputs: [0], outputs: [output], loss, batchSize: 32 };
  }
}

/** input 8 → fc1 → sigmoid → fc2 → sigmoid → fc3 (4). */
export function sigmoidStack(): Network {
  const build = new NetworkBuilder();
  let node = build.input(8);
  node = build.activation('act1', 'sigmoid', build.linear('fc1', node, 8, 16));
  node = build.activation('act2', 'sigmoid', build.linear('fc2', node, 16, 16));
  return build.network(build.linear('fc3', node, 16, 4));
}
