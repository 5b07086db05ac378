// Compiles the surrogate engine's kernels (AssemblyScript) to WebAssembly: `out/kernels.wasm`. Does nothing where the source is unchanged.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'src/core/signal/surrogate/kernels');
const options = [
  '--optimizeLevel',
  '3',
  '--noAssert',
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '--disable',
  'bulk-memory',
];

export const kernelsFile = path.join(root, 'out', 'kernels.wasm');

export async function buildKernels() {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  const sources = new Map();
  for (const name of names) sources.set(name, await readFile(path.join(folder, name), 'utf8'));
  const digest = createHash('sha256')
    .update(JSON.stringify([options, [...sources], asc.version]))
    .digest('hex');
  const stamp = `${kernelsFile}.sha256`;
  const [known] = await Promise.all([
    readFile(stamp, 'utf8').catch(() => ''),
    mkdir(path.dirname(kernelsFile), { recursive: true }),
  ]);
  if (known === digest) return;
  let wasm;
  const { error, stderr } = await asc.main([...names, ...options, '--outFile', 'kernels.wasm'], {
    readFile: (name) => sources.get(path.basename(name)) ?? null,
    writeFile: (_, contents) => {
      wasm = contents;
    },
    listFiles: () => [],
  });
  if (error || !wasm) throw new Error(`the kernels do not compile: ${error?.message ?? ''}\n${stderr.toString()}`);
  const draft = `${kernelsFile}.${process.pid}`;
  await writeFile(draft, wasm);
  await rename(draft, kernelsFile);
  await writeFile(stamp, digest);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernels();
