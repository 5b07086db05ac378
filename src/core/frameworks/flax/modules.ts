import type { ModuleValue, Value } from '../../python/values';
import { inertValue } from '../torch/inert';
import type { FlaxClasses, FlaxState } from './flaxState';
import { initialiserMembers } from './initialisers';
import { addJaxModules } from './jax/jaxModules';
import { passingTransform, transformMember } from './jax/transforms';
import { layerClasses } from './layerClasses';
import { attentionFunction } from './layers/attentionFunction';
import { layerTypes } from './layers/layerTypes';
import { poolingFunctions } from './layers/pooling';
import { linenHost, linenMembers } from './linen/linenMembers';
import type { LinenScopes } from './linen/scopes';
import { transforms } from './linen/transforms';
import { inActivations, inMembers, type Lookup } from './lookups';
import { lossMember } from './losses';
import { maskFunctions } from './masks';
import { nnxMembers } from './nnx/nnxMembers';
import { nnxHost } from './nnx/nnxModules';
import { variableClasses } from './nnx/variables';
import { trainStateClass } from './trainState';

/** Modules whose members change nothing in a network. */
const inertModules = [
  'flax.core',
  'flax.core.frozen_dict',
  'flax.jax_utils',
  'flax.metrics',
  'flax.serialization',
  'flax.struct',
  'flax.training.checkpoints',
  'flax.training.common_utils',
  'flax.traverse_util',
];

/** Every module of JAX, Flax and optax that models use, by dotted name. */
export function flaxModules(
  state: () => FlaxState,
  scopes: () => LinenScopes,
  classes: FlaxClasses,
): (name: string) => ModuleValue | undefined {
  const table = new Map<string, ModuleValue>();
  const add = (name: string, ...lookups: readonly Lookup[]): void => {
    const found = new Map<string, Value | undefined>();
    const find = (member: string): Value | undefined => {
      if (!found.has(member)) {
        found.set(
          member,
          lookups.reduce<Value | undefined>((known, lookup) => known ?? lookup(member), undefined),
        );
      }
      return found.get(member);
    };
    table.set(name, { kind: 'module', name, lookup: (member) => table.get(`${name}.${member}`) ?? find(member) });
  };
  const initialisers = initialiserMembers(state);
  const pooling = inMembers(poolingFunctions(state));
  const masks = inMembers(maskFunctions(state));
  const attention = (module: string): Lookup =>
    inMembers(new Map([['dot_product_attention', attentionFunction(state, module)]]));
  addJaxModules(state, classes, add, initialisers);
  add(
    'flax.linen',
    inMembers(layerClasses(state, layerTypes, () => linenHost(scopes, classes.linenModule))),
    inMembers(linenMembers(classes)),
    inActivations(state, 'flax.linen'),
    pooling,
    inMembers(transforms(state)),
    masks,
    attention('flax.linen'),
    (name) => (name.endsWith('_init') ? initialisers.get(name) : undefined),
  );
  add('flax.linen.initializers', inMembers(initialisers));
  add('flax.linen.module', inMembers(linenMembers(classes)));
  add(
    'flax.nnx',
    inMembers(layerClasses(state, layerTypes, () => nnxHost(state, classes.nnxModule))),
    inMembers(variableClasses(state, classes.variable)),
    inMembers(nnxMembers(classes)),
    inActivations(state, 'flax.nnx'),
    (name) => transformMember(state, 'flax.nnx', name),
    pooling,
    masks,
    attention('flax.nnx'),
  );
  add('flax.nnx.initializers', inMembers(initialisers));
  add('flax.training');
  add('flax.training.train_state', inMembers(new Map([['TrainState', trainStateClass()]])));
  add('flax', (name) => (name === '__version__' ? inertValue() : undefined));
  for (const name of inertModules) {
    const dataclass: Lookup = (member) => (member === 'dataclass' ? passingTransform(`${name}.dataclass`) : undefined);
    add(name, dataclass, () => inertValue());
  }
  add(
    'optax',
    (name) => lossMember(state, name),
    () => inertValue(),
  );
  add('optax.losses', (name) => lossMember(state, name));
  return (name) => table.get(name);
}
