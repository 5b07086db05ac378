import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = path.resolve(__dirname, '..');

/** Builds a file of this folder as the extension is built, so that what is timed is what people run. */
export async function bundle(name: string): Promise<string> {
  const outfile = path.join(root, 'out/bench', `${name}.js`);
  const script = pathToFileURL(path.join(root, 'scripts/pyrightStubs.mjs')).href;
  const { pyrightStubs } = (await import(script)) as { pyrightStubs: Plugin };
  await build({
    absWorkingDir: root,
    entryPoints: [`bench/${name}.ts`],
    outfile,
    bundle: true,
    minify: true,
    target: 'es2022',
    platform: 'node',
    format: 'cjs',
    plugins: [pyrightStubs],
    logLevel: 'warning',
  });
  return outfile;
}

/** What the script prints in a process of its own, as JSON. */
export function run<T>(script: string, args: readonly string[], flags: readonly string[] = []): T {
  const output = execFileSync(process.execPath, [...flags, script, ...args], { encoding: 'utf8' });
  return JSON.parse(output) as T;
}
