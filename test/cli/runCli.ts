import { spawnSync } from 'node:child_process';
import path from 'node:path';

export const root = path.resolve(__dirname, '../..');

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command as a user would, from the repository's root. */
export function runCli(...args: readonly string[]): CliRun {
  return runCliIn(root, {}, ...args);
}

/** Runs it in another folder, with no environment of Python's but the one given. */
export function runCliIn(
  folder: string,
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): CliRun {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'dist/gradlens.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...process.env,
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
      VIRTUAL_ENV: undefined,
      CONDA_PREFIX: undefined,
      ...environment,
    },
    maxBuffer: 1 << 28,
  });
  return { code: status, stdout, stderr };
}
