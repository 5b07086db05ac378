import { drawnInput, isPlainlyDrawn } from './drawnInput';
import { ancestorsUpTo, copyNode } from './graft';
import { literalSample } from './literalData';
import type { NodeId, Shape } from './network';
import type { SeenApplication } from './readingSession';
import type { TracedTensor, Tracer } from './tracer';

/** Inputs of an application whose values the code around the model computes: each is copied in front of the model with what it is made of. */
export interface ComputedInputs {
  readonly application: SeenApplication;
  /** Places among the inputs. */
  readonly places: readonly number[];
  readonly batchSize: number;
  /** What is copied already. */
  readonly copies?: ReadonlyMap<NodeId, TracedTensor>;
}

/**
 * Which inputs the code around the model computes. The first: where no distribution of its elements and no numbers are known, and layers outside the model make
 * it (an encoder, a generator) or everything is known that it is computed from (samples with noise of several levels). Those behind it: but for
 * what holds one value or is drawn element by element from one normal or uniform distribution (so adjacency matrices, masks, position tables).
 */
export function computedPlaces(tracer: Tracer, { inputs }: SeenApplication): readonly number[] {
  const { nodes } = tracer;
  const isKnown = (id: NodeId) => (drawnInput(nodes, id) ?? literalSample(nodes, id, 0)) !== undefined;
  const isFirstComputed = (id: NodeId) => !isKnown(id) && (tracer.isLearned(id) || isFollowed(tracer, id));
  const isFurtherComputed = (id: NodeId) => nodes[id]?.operation.kind !== 'input' && !isPlainlyDrawn(nodes, id);
  return inputs.flatMap(({ node }, place) => {
    const isComputed = place === 0 ? isFirstComputed(node) : isFurtherComputed(node);
    return isComputed ? [place] : [];
  });
}

/**
 * Copies what an input is computed from, as nodes outside the model, and gives the input itself as a node of the model. `copies` has what
 * stands for nodes already copied: another input, and what both are computed from.
 */
export function copyInput(
  tracer: Tracer,
  { application, batchSize }: ComputedInputs,
  place: number,
  as: { readonly name: string; readonly shape: Shape },
  copies: Map<NodeId, TracedTensor>,
): TracedTensor | undefined {
  const input = application.inputs[place];
  const applied = input && tracer.nodes[input.node]?.provenance.applied;
  if (!input || !applied) return undefined;
  const { name, shape } = as;
  // What every sample shares is made of nothing that is each sample's own.
  const isBatched = shape?.some((dim) => typeof dim === 'object') ?? false;
  const copyOf = (id: NodeId) => copies.get(id) ?? { node: id, shape: undefined };
  tracer.asForeign(() => {
    for (const id of ancestorsUpTo(tracer, input.node, copies)) {
      const node = tracer.nodes[id];
      if (!node || copies.has(id)) continue;
      copies.set(id, copyNode(tracer, node, node.inputs.map(copyOf), isBatched ? batchSize : undefined));
    }
  });
  const made = tracer.add({
    operation: { kind: 'identity' },
    inputs: [copyOf(input.node)],
    shape,
    name,
    label: 'input',
    applied: [applied],
  });
  copies.set(input.node, made);
  return made;
}

/** Whether every node that an input is computed from is known. */
export function isFollowed(tracer: Tracer, input: NodeId): boolean {
  return ancestorsUpTo(tracer, input, new Map()).every((id) => {
    const kind = tracer.nodes[id]?.operation.kind;
    return kind !== undefined && kind !== 'unknown' && kind !== 'input';
  });
}
