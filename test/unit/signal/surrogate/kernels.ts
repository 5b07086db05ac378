import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Multiply } from '../../../../src/core/signal/surrogate/matrix';
import { instantiateKernels } from '../../../../src/refinement/instantiateKernels';

const root = path.resolve(__dirname, '../../../..');
let multiply: Multiply | undefined;

/** The kernels as the build makes them. */
export function builtKernels(): Multiply {
  if (!multiply) {
    execFileSync(process.execPath, [path.join(root, 'scripts/buildKernels.mjs')]);
    multiply = instantiateKernels(readFileSync(path.join(root, 'out/kernels.wasm')));
  }
  return multiply;
}
