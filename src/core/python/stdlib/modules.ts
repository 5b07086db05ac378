import type { ModuleValue } from '../values';
import { argparseModule } from './argparse';
import { abstractModule, collectionsModule } from './collections';
import { copyModule } from './copying';
import { dataclassesModule } from './dataclasses';
import { enumModule } from './enumeration';
import { functoolsModule } from './functools';
import { importlibModule } from './importing';
import { inspectModule } from './inspection';
import { itertoolsModule } from './itertools';
import { mathModule } from './math';
import { regularExpressionsModule } from './regularExpressions';
import {
  contextlibModule,
  operatorModule,
  osModule,
  pathModule,
  sysModule,
  tqdmModule,
  typesModule,
  worldModule,
} from './system';
import { abcModule, typingModule } from './typing';

const makers: Readonly<Record<string, () => ModuleValue>> = {
  abc: abcModule,
  argparse: argparseModule,
  collections: collectionsModule,
  'collections.abc': () => abstractModule('collections.abc'),
  contextlib: contextlibModule,
  copy: copyModule,
  dataclasses: dataclassesModule,
  enum: enumModule,
  functools: functoolsModule,
  importlib: importlibModule,
  inspect: inspectModule,
  itertools: itertoolsModule,
  math: mathModule,
  numbers: () => abstractModule('numbers'),
  operator: operatorModule,
  os: osModule,
  'os.path': pathModule,
  random: () => worldModule('random'),
  re: regularExpressionsModule,
  sys: sysModule,
  time: () => worldModule('time'),
  tqdm: tqdmModule,
  'tqdm.auto': tqdmModule,
  'tqdm.notebook': tqdmModule,
  types: typesModule,
  typing: typingModule,
  typing_extensions: typingModule,
};

const made = new Map<string, ModuleValue>();

/** A module of the standard library (and `tqdm`) as far as it is known; undefined for others. */
export function standardModule(name: string): ModuleValue | undefined {
  const known = made.get(name);
  if (known) return known;
  const maker = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (!maker) return undefined;
  const module = maker();
  made.set(name, module);
  return module;
}
