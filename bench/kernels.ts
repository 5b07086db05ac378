import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Multiply } from '../src/core/signal/surrogate/matrix';
import { instantiateKernels } from '../src/refinement/instantiateKernels';

const script = path.resolve(__dirname, '..', 'scripts', 'buildKernels.mjs');

/** The file of the kernels as the build makes them, compiled anew where their source has changed. */
export async function buildKernels(): Promise<string> {
  const { buildKernels: build, kernelsFile } = (await import(pathToFileURL(script).href)) as {
    buildKernels: () => Promise<void>;
    kernelsFile: string;
  };
  await build();
  return kernelsFile;
}

export async function loadKernels(): Promise<Multiply> {
  return instantiateKernels(readFileSync(await buildKernels()));
}
