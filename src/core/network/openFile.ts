import type { Span } from '../span';
import type { Network } from './network';

/** A network whose every place lies in the file that is read: what has none there stands at `place`. */
export function placedIn(network: Network, place: Span): Network {
  const isHere = (span: Span) => span.file === place.file;
  const { nodes, parameters } = network;
  return {
    ...network,
    nodes: nodes.map((node) => {
      const { made, applied } = node.provenance;
      if (isHere(made) && isHere(applied)) return node;
      const provenance = {
        ...node.provenance,
        made: isHere(made) ? made : place,
        applied: isHere(applied) ? applied : isHere(made) ? made : place,
        ...(isHere(made) ? {} : { elsewhere: node.provenance.elsewhere ?? made }),
      };
      return { ...node, provenance };
    }),
    parameters: parameters.map((parameter) => {
      const { span, ...initialiser } = parameter.initialiser;
      return span && !isHere(span) ? { ...parameter, initialiser: { ...initialiser, elsewhere: span } } : parameter;
    }),
  };
}

/** The network with each place in the file that it lies in: what is edited, not what is shown. */
export function placedAtSource(network: Network): Network {
  return {
    ...network,
    nodes: network.nodes.map((node) => {
      const { elsewhere } = node.provenance;
      return elsewhere ? { ...node, provenance: { ...node.provenance, made: elsewhere } } : node;
    }),
    parameters: network.parameters.map((parameter) => {
      const { elsewhere } = parameter.initialiser;
      return elsewhere ? { ...parameter, initialiser: { ...parameter.initialiser, span: elsewhere } } : parameter;
    }),
  };
}
