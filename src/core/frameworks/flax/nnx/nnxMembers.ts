import { makeStr } from '../../../python/make';
import { makeNative } from '../../../python/nativeClass';
import type { Value } from '../../../python/values';
import { inertValue } from '../../torch/inert';
import type { FlaxClasses } from '../flaxState';
import { inert, passed, returning } from '../lookups';

const module = 'flax.nnx';

/** What `flax.nnx` has beside layers, variables and functions of arrays. */
export function nnxMembers(classes: FlaxClasses): ReadonlyMap<string, Value> {
  return new Map<string, Value>([
    ['Module', classes.nnxModule],
    ['Object', classes.nnxModule],
    ['List', list],
    ['Dict', dict],
    ['split', split],
    ['metrics', inertValue()],
    ...['merge', 'data', 'static', 'clone', 'with_partitioning'].map((name) => passed(module, name)),
    ...['Rngs', 'state', 'Optimizer', 'ModelAndOptimizer', 'MultiMetric', 'tabulate'].map((name) =>
      inert(module, name),
    ),
    ...['update', 'display'].map((name) => returning(module, name, { kind: 'none' })),
  ]);
}

const list = makeNative(`${module}.List`, (args, context) => {
  const [items] = args.positional;
  return { kind: 'list', items: [...((items && context.iterate(items)) ?? [])] };
});

const dict = makeNative(`${module}.Dict`, (args) => {
  const [first] = args.positional;
  if (first?.kind === 'dict') return first;
  const entries = [...args.named].map(([name, value]) => [`s${name}`, { key: makeStr(name), value }] as const);
  return { kind: 'dict', entries: new Map(entries) };
});

/** `graphdef, state = nnx.split(model)`: the model itself stands for its definition, so that `merge` gives it back. */
const split = makeNative(`${module}.split`, (args, context) => ({
  kind: 'tuple',
  items: [args.positional[0] ?? context.unknown('split of nothing'), inertValue()],
}));
