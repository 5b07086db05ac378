import type { NodeId } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import type { CallContext, Value } from '../../python/values';
import { tensorOf } from '../numpy/arrays';
import { tensorsIn } from '../numpy/numpy';
import { addNode } from '../tensor/trace';
import type { KerasState } from './kerasState';
import type { FunctionalGraph } from './layerState';
import { shapeOfReplayed } from './replayedShapes';

/** Applies a functional model: its nodes once more, with other inputs. */
export function replay(
  state: KerasState,
  graph: FunctionalGraph,
  actual: readonly TracedTensor[],
  context: CallContext,
): Value {
  const { session } = state;
  if (graph.outputs.kind === 'unknown') return graph.outputs;
  const made = new Map<NodeId, TracedTensor>();
  for (const [index, input] of graph.inputs.entries()) {
    const given = actual[index];
    if (!given) return context.unknown(`input ${index + 1} of a functional model is not given`);
    made.set(input.node, given);
  }
  for (const id of nodesBetween(state, graph)) {
    const node = session.tracer.nodes[id];
    if (!node) continue;
    const { made: madeAt, applied, through } = node.provenance;
    const inputs = node.inputs.map((input) => made.get(input)).filter((tensor) => tensor !== undefined);
    const site = {
      trail: [applied],
      made: [madeAt, ...through],
      name: node.path,
      label: node.label,
      path: state.pathOf(node.path),
    };
    const shape = shapeOfReplayed(
      node,
      node.inputs.map((input) => session.tracer.nodes[input]?.outputShape),
      inputs.map((tensor) => tensor.shape),
    );
    made.set(id, addNode(session, node.operation, inputs, shape, site, node.parameters));
  }
  return replaced(state, graph.outputs, made);
}

/** Nodes that the outputs depend on, up to the inputs, in the order of their making. */
function nodesBetween(state: KerasState, graph: FunctionalGraph): readonly NodeId[] {
  const { nodes } = state.session.tracer;
  const ends = new Set(graph.inputs.map((tensor) => tensor.node));
  const seen = new Set<NodeId>();
  const open = tensorsIn(graph.outputs).map((tensor) => tensor.node);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id) || ends.has(id)) continue;
    seen.add(id);
    open.push(...(nodes[id]?.inputs ?? []));
  }
  return [...seen].sort((first, second) => first - second);
}

/** The structure of the outputs with the new tensors in it. */
function replaced(state: KerasState, value: Value, made: ReadonlyMap<NodeId, TracedTensor>): Value {
  const tensor = tensorOf(value);
  if (tensor) return state.tensorValue(made.get(tensor.node) ?? tensor);
  if (value.kind === 'tuple') return { kind: 'tuple', items: value.items.map((item) => replaced(state, item, made)) };
  if (value.kind === 'list') return { kind: 'list', items: value.items.map((item) => replaced(state, item, made)) };
  if (value.kind === 'dict') {
    const entries = [...value.entries].map(
      ([key, entry]) => [key, { key: entry.key, value: replaced(state, entry.value, made) }] as const,
    );
    return { kind: 'dict', entries: new Map(entries) };
  }
  return value;
}
