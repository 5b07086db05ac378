import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { SpeedNetwork } from './speedNetworks';

/** Installed for the bench alone, never committed. */
const environment = path.join(__dirname, '../.cache/torch');
const installed = path.join(environment, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const requirements = { torch: '2.13.0', torchvision: '0.28.0' };
/** Builds without CUDA, a tenth of the size. */
const wheels = 'https://download.pytorch.org/whl/cpu';

export interface PyTorchTimes {
  /** `import torch`, and torchvision where the source does. */
  readonly importMs: number;
  readonly buildMs: number;
  /** One forward and backward pass of a batch of two. */
  readonly runMs: number;
}

/** A Python that has the pinned PyTorch, installed first where there is none and nobody else's machine is at stake; else why there is none. */
export function findPyTorch(): { readonly python: string } | { readonly missing: string } {
  const known = [installed, 'python3', 'python'].find(hasPyTorch);
  if (known) return { python: known };
  const wanted = `PyTorch ${requirements.torch} with torchvision ${requirements.torchvision}`;
  if (process.env.CI) return { missing: `${wanted} is not installed here` };
  console.log(`installing ${wanted} into ${path.relative(process.cwd(), environment)} …`);
  try {
    execFileSync('python3', ['-m', 'venv', environment], { stdio: 'ignore' });
    const pinned = Object.entries(requirements).map(([name, version]) => `${name}==${version}`);
    const from = ['--index-url', wheels, '--retries', '0', '--timeout', '30'];
    execFileSync(installed, ['-m', 'pip', 'install', '--quiet', ...from, ...pinned], {
      stdio: 'ignore',
      timeout: 600_000,
    });
  } catch {
    return { missing: `${wanted} could not be installed` };
  }
  return hasPyTorch(installed) ? { python: installed } : { missing: `${wanted} does not run here` };
}

function hasPyTorch(python: string): boolean {
  const check = `from importlib.metadata import version
assert all(version(name).split('+')[0] == wanted for name, wanted in ${JSON.stringify(requirements)}.items())`;
  try {
    execFileSync(python, ['-c', check], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** In a process of its own, as a user's script; undefined where it fails. */
export function timePyTorch(python: string, { source, inputShape }: SpeedNetwork): PyTorchTimes | undefined {
  try {
    const output = execFileSync(python, [path.join(__dirname, 'torchTimes.py')], {
      input: JSON.stringify({ source, inputShape }),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, OMP_NUM_THREADS: '1' },
      timeout: 300_000,
    });
    return JSON.parse(output) as PyTorchTimes;
  } catch {
    return undefined;
  }
}
