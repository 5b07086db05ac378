import { makeBool, makeDict, makeList, makeTuple, none } from '../../../python/make';
import { makeNative } from '../../../python/nativeClass';
import type { CallArguments, CallContext, Value } from '../../../python/values';

/** Structures nest no deeper than this. */
const deepest = 16;

/** `keras.tree` and `tf.nest`: nested tuples, lists and mappings (Keras 3.15.1, tree/tree_api.py). */
export function treeFunctions(): ReadonlyMap<string, Value> {
  const members = new Map<string, Value>([['MAP_TO_NONE', none]]);
  const add = (name: string, call: (args: CallArguments, context: CallContext) => Value): void => {
    members.set(name, makeNative(`keras.tree.${name}`, call));
  };
  add('is_nested', ({ positional: [value] }) => makeBool(value !== undefined && partsOf(value) !== undefined));
  add('flatten', ({ positional: [structure] }) => makeList(structure ? leavesOf(structure, 0) : []));
  const map = ({ positional: [body, ...structures] }: CallArguments, context: CallContext): Value =>
    body ? mapped(body, structures, context, 0) : context.unknown('a function is mapped that is not there');
  for (const name of ['map_structure', 'map_structure_up_to', 'traverse']) add(name, map);
  add('pack_sequence_as', ({ positional: [structure, flat] }, context) => {
    const leaves = flat && context.iterate(flat);
    return structure && leaves ? packed(structure, [...leaves], 0) : context.unknown('a structure is not known');
  });
  add('lists_to_tuples', ({ positional: [structure] }) => structure ?? none);
  for (const name of ['assert_same_structure', 'assert_same_paths']) add(name, () => none);
  for (const name of ['flatten_with_path', 'map_shape_structure']) {
    add(name, (_args, context) => context.unknown(`keras.tree.${name} is not followed`));
  }
  return members;
}

function partsOf(value: Value): readonly Value[] | undefined {
  if (value.kind === 'tuple' || value.kind === 'list') return value.items;
  return value.kind === 'dict' ? [...value.entries.values()].map((entry) => entry.value) : undefined;
}

function leavesOf(value: Value, depth: number): Value[] {
  const parts = depth < deepest ? partsOf(value) : undefined;
  return parts ? parts.flatMap((part) => leavesOf(part, depth + 1)) : [value];
}

/** The same structure with other parts. */
function rebuilt(value: Value, partAt: (part: Value, index: number) => Value): Value {
  if (value.kind === 'tuple') return makeTuple(value.items.map(partAt));
  if (value.kind === 'list') return makeList(value.items.map(partAt));
  if (value.kind !== 'dict') return value;
  return makeDict([...value.entries.values()].map((entry, index) => [entry.key, partAt(entry.value, index)] as const));
}

function mapped(body: Value, structures: readonly Value[], context: CallContext, depth: number): Value {
  const [first] = structures;
  if (!first || depth >= deepest || !partsOf(first)) return context.call(body, structures);
  const columns = structures.map((structure) => partsOf(structure) ?? []);
  return rebuilt(first, (_, index) =>
    mapped(
      body,
      columns.flatMap((column) => column[index] ?? []),
      context,
      depth + 1,
    ),
  );
}

function packed(structure: Value, leaves: Value[], depth: number): Value {
  if (depth >= deepest || !partsOf(structure)) return leaves.shift() ?? none;
  return rebuilt(structure, (part) => packed(part, leaves, depth + 1));
}
