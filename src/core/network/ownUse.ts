import type { NetworkNode, NodeId } from './network';
import type { TracedTensor } from './tracer';

/** One application of a hand-written network by the file itself, as it stands in the trace. */
export interface OwnUse {
  readonly raw: TracedTensor;
  readonly output: TracedTensor;
  /** The last matrix, where it can be told. */
  readonly weight: NodeId | undefined;
  /** The last product with its bias. */
  readonly preactivation: NodeId;
}

/** Training goes through the same lines again and again. */
const mostUses = 8;
/** Nodes of the right place that are looked at. */
const mostTries = 64;

/**
 * Where else in the trace the lines that led from `raw` to `output` were run: nodes of the same places in the source, of the same kinds,
 * that hang together in the same way. Earliest first.
 */
export function ownUses(nodes: readonly NetworkNode[], raw: NodeId, output: NodeId): readonly OwnUse[] {
  const last = nodes[output];
  if (!last) return [];
  const dependent = descendantsOf(nodes, raw, output);
  const passes = passesThrough(nodes, last);
  const uses: OwnUse[] = [];
  let tries = 0;
  for (let id = 0; id < raw && uses.length < mostUses && tries < mostTries; id++) {
    const candidate = nodes[id];
    // A loop over layers passes the place of the output once a layer: only what passed it as often can be the output.
    if (!candidate || passes[id] !== passes[output] || !isMadeAlike(candidate, last)) continue;
    tries++;
    const input = matchingInput(nodes, { raw, dependent, fresh: output, own: id });
    if (input === undefined) continue;
    uses.push({
      raw: { node: input, shape: nodes[input]?.outputShape },
      output: { node: id, shape: candidate.outputShape },
      ...lastProduct(nodes, input, id),
    });
  }
  return uses;
}

/** By node, how often its longest way back passes the place of `last`. */
function passesThrough(nodes: readonly NetworkNode[], last: NetworkNode): Int32Array {
  const passes = new Int32Array(last.id + 1);
  for (let id = 0; id <= last.id; id++) {
    const node = nodes[id];
    let most = node && isMadeAlike(node, last) ? 1 : 0;
    const own = most;
    for (const input of node?.inputs ?? []) most = Math.max(most, own + (passes[input] ?? 0));
    passes[id] = most;
  }
  return passes;
}

interface Match {
  readonly raw: NodeId;
  /** What depends on `raw`, `raw` itself included. */
  readonly dependent: ReadonlySet<NodeId>;
  readonly fresh: NodeId;
  readonly own: NodeId;
}

/** What stands in the place of `raw` where everything before `own` is like what is before `fresh`; undefined where something is not. */
function matchingInput(nodes: readonly NetworkNode[], { raw, dependent, fresh, own }: Match): NodeId | undefined {
  const pairs = new Map<NodeId, NodeId>([[fresh, own]]);
  const open = [fresh];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const other = pairs.get(id);
    const [left, right] = [nodes[id], nodes[other ?? -1]];
    if (id === raw) continue;
    if (!left || !right || !isMadeAlike(left, right) || left.inputs.length !== right.inputs.length) return undefined;
    for (const [index, input] of left.inputs.entries()) {
      const counterpart = right.inputs[index];
      if (!dependent.has(input) || counterpart === undefined) continue;
      const known = pairs.get(input);
      if (known !== undefined && known !== counterpart) return undefined;
      if (known !== undefined) continue;
      pairs.set(input, counterpart);
      open.push(input);
    }
  }
  return pairs.get(raw);
}

function isMadeAlike(left: NetworkNode, right: NetworkNode): boolean {
  const [a, b] = [left.provenance.made, right.provenance.made];
  return left.operation.kind === right.operation.kind && a.start === b.start && a.end === b.end && a.file === b.file;
}

/** `from` and everything up to `end` that depends on it. */
export function descendantsOf(nodes: readonly NetworkNode[], from: NodeId, end: NodeId): ReadonlySet<NodeId> {
  const found = new Set<NodeId>([from]);
  for (let id = from + 1; id <= end; id++) if (nodes[id]?.inputs.some((input) => found.has(input))) found.add(id);
  return found;
}

/** The last matrix product before the output, with the bias that is added to it. */
function lastProduct(
  nodes: readonly NetworkNode[],
  raw: NodeId,
  output: NodeId,
): Pick<OwnUse, 'weight' | 'preactivation'> {
  const dependent = descendantsOf(nodes, raw, output);
  let above: NetworkNode | undefined;
  let node = nodes[output];
  while (node && node.operation.kind !== 'matmul') {
    above = node;
    node = nodes[node.inputs.find((id) => dependent.has(id)) ?? -1];
  }
  if (!node) return { weight: undefined, preactivation: output };
  const hasBias = above?.operation.kind === 'sum' && above.inputs.length === 2;
  return {
    weight: node.inputs.find((id) => !dependent.has(id)),
    preactivation: hasBias && above ? above.id : node.id,
  };
}
