import { type KernelExports, kernelMultiply, type Multiply, plainMultiply } from '../core/signal/surrogate/matrix';

/** The matrix product of compiled kernels; plain JavaScript where the host cannot run them (no SIMD, WebAssembly forbidden). */
export function instantiateKernels(bytes: Uint8Array): Multiply {
  try {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { abort } });
    return kernelMultiply(instance.exports as KernelExports);
  } catch {
    return plainMultiply;
  }
}

function abort(): never {
  throw new Error('a kernel gave up');
}
