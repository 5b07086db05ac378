import { unknownDistribution } from '../../../network/initialisers';
import { makeBool, none } from '../../../python/make';
import type { NativeFunction } from '../call';
import { moduleOf, reinitialise, replacing } from './parametrisation';

const methods = 'random_unstructured l1_unstructured random_structured ln_structured custom_from_mask identity';

const prunings = methods.split(' ').map((name) =>
  replacing(`prune.${name}`, 'module, name, *rest', (target, call) => {
    target.module.attributes.set(`${target.name}_orig`, target.parameter);
    if (name === 'identity') return;
    const distribution = unknownDistribution('some of the weights are pruned');
    reinitialise(call.state, target.parameter, () => ({ distribution, scheme: `prune.${name}` }));
  }),
);

/** PyTorch 2.13 `nn/utils/prune.py`: the parameter goes on under `<name>_orig`, what is computed with is masked. */
export const pruningFunctions: readonly NativeFunction[] = [
  ...prunings,
  {
    name: 'torch.nn.utils.prune.global_unstructured',
    signature: 'parameters, pruning_method, *rest',
    call: (call) => {
      const prune = prunings.find(({ name }) => name.endsWith('.l1_unstructured'));
      for (const pair of call.context.iterate(call.value('parameters') ?? none) ?? []) {
        const [module, name] = call.context.iterate(pair) ?? [];
        if (module && name)
          prune?.call(
            call.with(
              new Map([
                ['module', module],
                ['name', name],
              ]),
            ),
          );
      }
      return none;
    },
  },
  {
    name: 'torch.nn.utils.prune.is_pruned',
    signature: 'module',
    call: (call) => makeBool([...(moduleOf(call)?.attributes.keys() ?? [])].some((name) => name.endsWith('_orig'))),
  },
];
