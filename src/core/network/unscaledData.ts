import { datasetContent } from '../frameworks/datasets';
import type { AssignStatement, Expression, Module } from '../python/syntax';
import { walk } from '../python/syntaxSearch';

/** A data set that a model is fitted to as it was loaded. */
export interface UnscaledLoad {
  readonly statement: AssignStatement;
  /** Names of the training samples and, where there are some, the test samples. */
  readonly samples: readonly string[];
}

/** Methods that take the samples first: Keras 3.15 `Model`. */
const consumers: ReadonlySet<string> = new Set(['fit', 'evaluate', 'predict']);

/**
 * Where Keras's `load_data()` gives pictures that reach `fit` as they are: `(x, y), test = mnist.load_data()` with `x` used nowhere but as what
 * a model is fitted to, and for its shape. Their pixels lie in 0 … 255 (Keras 3.15 `datasets`).
 */
export function unscaledLoads(module: Module): readonly UnscaledLoad[] {
  const loads = new Map<string, UnscaledLoad>();
  const fitted = new Set<string>();
  const touched = new Set<string>();
  const harmless = new Set<Expression>();
  walk(module, (node) => {
    if (node.kind === 'assign' && isPictureLoad(node.value)) {
      const [training, ...others] = sampleNames(node.targets[0]);
      if (!training || loads.has(training.name)) return;
      harmless.add(training);
      loads.set(training.name, { statement: node, samples: [training, ...others].map(({ name }) => name) });
    } else if (node.kind === 'attribute' && node.attribute.name === 'shape') harmless.add(node.object);
    else if (node.kind === 'call' && node.callee.kind === 'attribute' && consumers.has(node.callee.attribute.name)) {
      const samples = node.arguments.find(({ name }, index) => (name ? name.name === 'x' : index === 0))?.value;
      if (samples?.kind !== 'name') return;
      harmless.add(samples);
      if (node.callee.attribute.name === 'fit') fitted.add(samples.name);
    } else if (node.kind === 'name' && !harmless.has(node)) touched.add(node.name);
  });
  return [...loads].flatMap(([name, load]) => (fitted.has(name) && !touched.has(name) ? [load] : []));
}

/** `keras.datasets.mnist.load_data()`. */
function isPictureLoad(value: Expression): boolean {
  if (value.kind !== 'call' || value.callee.kind !== 'attribute' || value.callee.attribute.name !== 'load_data') {
    return false;
  }
  const { object } = value.callee;
  const owner = object.kind === 'attribute' ? object.attribute.name : object.kind === 'name' ? object.name : '';
  const content = datasetContent(owner);
  return content === 'strokes' || content === 'photographs';
}

/** `x` and `u` of `(x, y), (u, v)`; `x` alone of `(x, y), test`. */
function sampleNames(target: Expression | undefined) {
  if (target?.kind !== 'tuple') return [];
  return target.items.flatMap((pair) => {
    const first = pair.kind === 'tuple' ? pair.items[0] : undefined;
    return first?.kind === 'name' && first.name !== '_' ? [first] : [];
  });
}
