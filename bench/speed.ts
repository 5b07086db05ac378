// `npm run bench`: time per file to parse, read, estimate and judge, over the case sources, as ratios to the parse of the same run.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { Bench } from 'tinybench';
import type { Analysis } from '../src/core/analysis';
import { analyze } from '../src/core/analyze';
import { parsePython } from '../src/core/python/parse';
import { caseFolder } from './caseFolder';

const clock = () => performance.now();

interface FileRow {
  readonly parseMs: number;
  readonly readMs: number;
  readonly signalMs: number;
  readonly rulesMs: number;
}

const folders = ['measured', 'keras-stacks'] as const;
const files = folders.flatMap((folder) => sample(path.join(caseFolder(folder)), 40));
console.log(`${files.length} files from ${folders.map((folder) => caseFolder(folder)).join(', ')}`);

async function main(): Promise<void> {
  // The first rounds warm the compiler; the median of the later ones counts.
  const rounds: FileRow[][] = [];
  for (let round = 0; round < 4; round++) {
    const rows: FileRow[] = [];
    for (const file of files) rows.push(await timeFile(file));
    if (round > 0) rounds.push(rows);
  }
  const rows = files.map((_, index) => medianRow(rounds.flatMap((round) => round[index] ?? [])));

  console.log('\nmedian per file      ms   × parse');
  const parse = median(rows.map((row) => row.parseMs));
  for (const [label, key] of [
    ['parse alone', 'parseMs'],
    ['read', 'readMs'],
    ['signal', 'signalMs'],
    ['rules', 'rulesMs'],
  ] as const) {
    const value = median(rows.map((row) => row[key]));
    console.log(`${label.padEnd(16)} ${value.toFixed(2).padStart(7)}  ${(value / parse).toFixed(2).padStart(7)}`);
  }

  await benchQuickScan();
}

async function timeFile(file: string): Promise<FileRow> {
  const text = readFileSync(file, 'utf8');
  const started = clock();
  parsePython(text);
  const parseMs = clock() - started;
  const { timings }: Analysis = await analyze({ readText: async () => text }, file, { clock });
  return { parseMs, ...timings };
}

/** A file that imports no framework must cost next to nothing beside a parse of the same text. */
async function benchQuickScan() {
  const text = `import os\n${'def f(a, b):\n    return [a + b for _ in range(10)]\n'.repeat(400)}`;
  const bench = new Bench({ time: 300 });
  bench.add('parse', () => {
    parsePython(text);
  });
  bench.add('quick scan', async () => {
    await analyze({ readText: async () => text }, 'plain.py', { clock });
  });
  await bench.run();
  const [parsed, scanned] = bench.tasks.map((task) =>
    'latency' in task.result ? task.result.latency.p50 : Number.NaN,
  );
  console.log(
    `\n800 lines without a framework: quick scan ${((scanned ?? 0) * 1000).toFixed(0)} µs, 1/${((parsed ?? 0) / (scanned ?? 1)).toFixed(0)} of their parse`,
  );
}

function sample(folder: string, count: number): readonly string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.py'));
  const step = Math.max(1, Math.floor(names.length / count));
  return names
    .filter((_, index) => index % step === 0)
    .slice(0, count)
    .map((name) => path.join(folder, name));
}

function medianRow(rows: readonly FileRow[]): FileRow {
  const of = (key: keyof FileRow) => median(rows.map((row) => row[key]));
  return { parseMs: of('parseMs'), readMs: of('readMs'), signalMs: of('signalMs'), rulesMs: of('rulesMs') };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

void main();
