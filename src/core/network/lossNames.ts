import type { ParsedModule } from '../python/parse';
import type { Expression } from '../python/syntax';
import { walk } from '../python/syntaxSearch';
import type { NetworkNode } from './network';

const lossWords = /loss|cost|error|objective|criterion|nll|entropy/i;

/** Whether the source calls what a node computes a loss: the variable that it goes into, or the function that computes it. */
export function namesLosses({ module }: ParsedModule): (node: NetworkNode) => boolean {
  const places: { readonly start: number; readonly end: number }[] = [];
  walk(module, (node) => {
    const isCalled =
      node.kind === 'assign' || node.kind === 'augmented'
        ? (node.kind === 'assign' ? node.targets : [node.target]).some((target) => lossWords.test(lastName(target)))
        : node.kind === 'function' && lossWords.test(node.name.name);
    if (isCalled) places.push(node);
  });
  return ({ provenance: { made, through } }) =>
    [made, ...through].some((span) => places.some(({ start, end }) => start <= span.start && span.end <= end));
}

function lastName(target: Expression): string {
  if (target.kind === 'name') return target.name;
  return target.kind === 'attribute' ? target.attribute.name : '';
}
