import type { Operation } from '../../../../src/core/network/network';
import { applyRule } from '../../../../src/core/signal/surrogate/applyRule';
import { type Multiply, plainMultiply } from '../../../../src/core/signal/surrogate/matrix';
import { RandomSource } from '../../../../src/core/signal/surrogate/random';
import type { Step } from '../../../../src/core/signal/surrogate/rule';
import { elementCountOf, type Tensor, trueValues } from '../../../../src/core/signal/surrogate/tensor';
import { NetworkBuilder, zero } from '../networkBuilder';

export interface RuleCase {
  readonly operation: Operation;
  readonly inputs: readonly Tensor[];
  readonly parameters: Readonly<Record<string, Tensor>>;
  readonly shape: readonly number[] | undefined;
  readonly multiply?: Multiply;
}

/** One operation run alone on given tensors. */
export function runRule({
  operation,
  inputs,
  parameters,
  shape,
  multiply = plainMultiply,
}: RuleCase): Step | undefined {
  const builder = new NetworkBuilder(inputs[0]?.shape[0] ?? 1);
  const sources = inputs.map((input) => builder.input(...input.shape.slice(1)));
  const uses = Object.entries(parameters).map(([role, value]) => builder.parameter(role, value.shape, zero));
  const id = builder.add(operation, sources, shape ?? [], uses);
  const network = builder.network(id);
  const node = network.nodes[id];
  if (!node) return undefined;
  return applyRule(
    {
      node,
      network,
      inputs,
      inputNodes: sources.map((source) => network.nodes[source]),
      batch: builder.batchSize,
      random: new RandomSource(1),
      multiply,
      shape,
      parameter: (role) => {
        const value = parameters[role];
        const parameter = network.parameters[node.parameters.findIndex((use) => use.role === role)];
        return value && parameter && { parameter, value };
      },
    },
    'standard-normal',
  );
}

/** The tensor that `operations.py` makes of the same shape and phase. */
export function wave(shape: readonly number[], phase: number): Tensor {
  const data = Float32Array.from({ length: elementCountOf(shape) }, (_, index) => {
    return Math.sin(1.3 * index + phase) + 0.3 * Math.cos(0.37 * index * index);
  });
  return { shape, data, logScale: 0 };
}

/** Σ weight·output. */
export function weighted(step: Step | undefined, weights: Tensor): number {
  const values = step ? trueValues(step.output) : new Float32Array();
  return values.reduce<number>((sum, value, index) => sum + value * (weights.data[index] as number), 0);
}
