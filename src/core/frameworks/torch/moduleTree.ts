import type { ParameterId } from '../../network/network';
import type { InstanceValue } from '../../python/values';
import { isUnsized, LayerPayload } from './layer';
import type { TorchState } from './state';

/** Submodules in the order of registration, under their attribute names. */
export function childrenOf(state: TorchState, module: InstanceValue): readonly (readonly [string, InstanceValue])[] {
  const children: [string, InstanceValue][] = [];
  forEachChild(state, module, (child, name) => children.push([name, child]));
  return children;
}

function forEachChild(
  state: TorchState,
  module: InstanceValue,
  visit: (child: InstanceValue, name: string) => void,
): void {
  // `forEach` makes no pair for each of the many attributes that are no modules.
  module.attributes.forEach((value, name) => {
    if (state.isModule(value)) visit(value, name);
  });
}

/** The module and all below it, parents first, each once, with dotted paths as PyTorch's `named_modules`. */
export function namedModules(state: TorchState, root: InstanceValue, prefix = ''): ReadonlyMap<InstanceValue, string> {
  const paths = new Map<InstanceValue, string>();
  const visit = (module: InstanceValue, path: string): void => {
    if (paths.has(module)) return;
    paths.set(module, path);
    forEachChild(state, module, (child, name) => visit(child, path === '' ? name : `${path}.${name}`));
  };
  visit(root, prefix);
  return paths;
}

/** Parameters as PyTorch's `named_parameters`: each once, under the first path that leads to it. */
export function namedParameters(
  state: TorchState,
  root: InstanceValue,
  prefix = '',
): readonly { readonly path: string; readonly value: InstanceValue; readonly id: ParameterId }[] {
  const seen = new Set<ParameterId>();
  const result: { path: string; value: InstanceValue; id: ParameterId }[] = [];
  for (const [module, path] of namedModules(state, root, prefix)) {
    module.attributes.forEach((value, name) => {
      const id = state.parameterOf(value);
      if (id === undefined || !state.isParameter(value) || seen.has(id)) return;
      seen.add(id);
      result.push({ path: path === '' ? name : `${path}.${name}`, value, id });
    });
  }
  return result;
}

/** Registers the paths of the parameters with the trace and returns them in order. */
export function nameParameters(state: TorchState, root: InstanceValue): readonly ParameterId[] {
  return namedParameters(state, root).map(({ path, id }) => {
    state.tracer.setParameterPath(id, path);
    return id;
  });
}

/** Parameters of layers whose shape is not known, and the weights of lazy layers that were never applied. */
export function unsizedParameters(state: TorchState, root: InstanceValue): readonly string[] {
  const paths: string[] = [];
  for (const [{ payload, attributes }, path] of namedModules(state, root)) {
    if (!(payload instanceof LayerPayload)) continue;
    const names = [...attributes].filter(([name, value]) => isUnsized(name, value)).map(([name]) => name);
    if (payload.name.startsWith('Lazy') && !attributes.has('weight')) names.push('weight');
    paths.push(...names.map((name) => (path === '' ? name : `${path}.${name}`)));
  }
  return paths;
}
