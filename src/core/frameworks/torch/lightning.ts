import { signatureOf } from '../../python/binding';
import { makeDict, makeList, makeStr, makeTuple, none } from '../../python/make';
import { lookupInClass } from '../../python/nativeClass';
import type { CallArguments, ClassValue, InstanceValue, ModuleValue, Value } from '../../python/values';
import { differentiate } from './differentiate';
import { inertClass, inertValue } from './inert';
import { type Method, methods, nativeClass } from './nativeClass';
import { bindLeniently } from './signature';
import type { TorchState } from './state';

/** Import roots of PyTorch Lightning 2.6. */
export const lightningRoots = ['lightning', 'pytorch_lightning', 'lightning_fabric'];

const submodules = new Set([
  ...['pytorch', 'fabric', 'core', 'module', 'lightning', 'callbacks', 'loggers', 'utilities', 'strategies', 'trainer'],
  ...['tuner', 'plugins', 'profilers', 'demos', 'cli'],
]);

/** `LightningModule` is a `torch.nn.Module` with extras; nothing else of the package shapes a network. */
export function lightningModules(state: () => TorchState, module: ClassValue): ReadonlyMap<string, ModuleValue> {
  const lightningModule = lightningModuleClass(state, module);
  const open = (name: string): ModuleValue => ({
    kind: 'module',
    name,
    lookup: (key) => {
      if (key === 'LightningModule') return lightningModule;
      if (submodules.has(key)) return open(`${name}.${key}`);
      if (key.startsWith('__')) return undefined;
      return /^[A-Z]/.test(key) ? inertClass : inertValue();
    },
  });
  return new Map(lightningRoots.map((root) => [root, open(root)]));
}

function lightningModuleClass(state: () => TorchState, module: ClassValue): ClassValue {
  const name = 'lightning.LightningModule';
  const given = new WeakMap<Value, CallArguments>();
  const create: Method = (cls, args, context) => {
    const made: InstanceValue = {
      kind: 'instance',
      class: cls.kind === 'class' ? cls : module,
      attributes: new Map(),
      made: context.trail,
    };
    given.set(made, args);
    return made;
  };
  const save: Method = (self, args, context) => {
    if (self.kind !== 'instance') return none;
    const [first] = args.positional;
    const isWhole = first !== undefined && first.kind !== 'str';
    const all = isWhole ? entriesOf(first) : initialArguments(self, given.get(self));
    const wanted = isWhole ? [] : args.positional.flatMap((value) => (value.kind === 'str' ? [value.value] : []));
    const ignored = args.named.get('ignore');
    const left = ignored?.kind === 'str' ? [ignored] : ((ignored && context.iterate(ignored)) ?? []);
    const isLeft = (key: string) => left.some((value) => value.kind === 'str' && value.value === key);
    const kept = [...all].filter(([key]) => (wanted.length === 0 || wanted.includes(key)) && !isLeft(key));
    self.attributes.set('hparams', {
      kind: 'instance',
      class: attributeDictClass,
      attributes: new Map(kept),
      made: context.trail,
    });
    return none;
  };
  const quiet = ['log', 'log_dict', 'print', 'freeze', 'unfreeze', 'toggle_optimizer', 'untoggle_optimizer'];
  return nativeClass(
    name,
    module,
    methods(name, {
      __new__: create,
      save_hyperparameters: save,
      manual_backward: (_self, { positional: [loss] }, context) => {
        if (loss) differentiate(state(), loss, undefined, context);
        return none;
      },
      ...Object.fromEntries(quiet.map((method): [string, Method] => [method, () => none])),
      ...Object.fromEntries(
        ['optimizers', 'lr_schedulers', 'configure_optimizers', 'all_gather'].map((method): [string, Method] => [
          method,
          () => inertValue(),
        ]),
      ),
    }),
  );
}

/** What `__init__` was given, by the names of its parameters, with its defaults. */
function initialArguments(self: InstanceValue, args: CallArguments | undefined): ReadonlyMap<string, Value> {
  const initialiser = lookupInClass(self.class, '__init__');
  if (initialiser?.kind !== 'function' || !args) return new Map();
  const { values } = bindLeniently(signatureOf(initialiser).slice(1), args);
  return values;
}

function entriesOf(value: Value): ReadonlyMap<string, Value> {
  if (value.kind === 'instance') return value.attributes;
  if (value.kind !== 'dict') return new Map();
  const entries = [...value.entries.values()];
  return new Map(entries.flatMap(({ key, value: item }) => (key.kind === 'str' ? [[key.value, item] as const] : [])));
}

/** `self.hparams`: read by attribute or by key. */
const attributeDictClass: ClassValue = nativeClass(
  'lightning.AttributeDict',
  undefined,
  methods('lightning.AttributeDict', {
    __getitem__: (self, args, context) =>
      itemOf(self, args.positional[0]) ?? context.unknown('the key of the hyperparameters is not known'),
    __contains__: (self, args) => ({ kind: 'bool', value: itemOf(self, args.positional[0]) !== undefined }),
    get: (self, args) => itemOf(self, args.positional[0]) ?? args.positional[1] ?? none,
    keys: (self) => makeList([...attributesOf(self).keys()].map(makeStr)),
    values: (self) => makeList([...attributesOf(self).values()]),
    items: (self) => makeList([...attributesOf(self)].map(([key, value]) => makeTuple([makeStr(key), value]))),
    to_dict: (self) => makeDict([...attributesOf(self)].map(([key, value]) => [makeStr(key), value] as const)),
  }),
);

function attributesOf(self: Value): ReadonlyMap<string, Value> {
  return self.kind === 'instance' ? self.attributes : new Map();
}

function itemOf(self: Value, key: Value | undefined): Value | undefined {
  return key?.kind === 'str' ? attributesOf(self).get(key.value) : undefined;
}
