import type { ModuleValue } from '../values';
import { mathModule } from './math';

const makers: Readonly<Record<string, () => ModuleValue>> = {
  math: mathModule,
};

const made = new Map<string, ModuleValue>();

/** A module of the standard library as far as it is known; undefined for others. */
export function standardModule(name: string): ModuleValue | undefined {
  const known = made.get(name);
  if (known) return known;
  const maker = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (!maker) return undefined;
  const module = maker();
  made.set(name, module);
  return module;
}
