import { makeNative } from '../../../python/nativeClass';
import type { NativeFunctionValue, Value } from '../../../python/values';
import { tensorOf } from '../../numpy/arrays';

const deepest = 32;

/** `jax.tree.*` and `jax.tree_util.tree_*`: a mapped tree keeps its shape, so the tree itself stands for it. */
export function treeMember(name: string): NativeFunctionValue | undefined {
  const plain = name.replace(/^tree_/, '');
  if (plain === 'map')
    return makeNative('jax.tree.map', (args, context) => args.positional[1] ?? context.unknown('a tree'));
  if (plain === 'leaves') {
    return makeNative('jax.tree.leaves', (args, context) => {
      const [tree] = args.positional;
      if (!tree || tree.kind === 'unknown') return tree ?? context.unknown('a tree');
      return tree.kind === 'instance' && !tensorOf(tree) ? tree : { kind: 'list', items: [...leavesOf(tree, 0)] };
    });
  }
  return undefined;
}

function leavesOf(tree: Value, depth: number): readonly Value[] {
  if (depth > deepest) return [];
  if (tree.kind === 'list' || tree.kind === 'tuple') return tree.items.flatMap((item) => leavesOf(item, depth + 1));
  if (tree.kind === 'dict') return [...tree.entries.values()].flatMap(({ value }) => leavesOf(value, depth + 1));
  return tree.kind === 'none' ? [] : [tree];
}
