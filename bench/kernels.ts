import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Multiply } from '../src/core/signal/surrogate/matrix';
import { instantiateKernels } from '../src/refinement/instantiateKernels';

const script = path.resolve(__dirname, '..', 'scripts', 'buildKernels.mjs');

/** The kernels as the build makes them, compiled anew where their source has changed. */
export async function loadKernels(): Promise<Multiply> {
  const { buildKernels, kernelsFile } = (await import(pathToFileURL(script).href)) as {
    buildKernels: () => Promise<void>;
    kernelsFile: string;
  };
  await buildKernels();
  return instantiateKernels(readFileSync(kernelsFile));
}
