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
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'dist/gradlens.js'), ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    maxBuffer: 1 << 28,
  });
  return { code: status, stdout, stderr };
}
