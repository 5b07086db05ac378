// Runs in a process of its own: `node smallFiles.js FOLDER…`.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Timings } from '../src/core/analysis';
import { analyze } from '../src/core/analyze';
import { parsePython } from '../src/core/python/parse';
import { median } from './statistics';

interface FileTimes extends Timings {
  readonly parseMs: number;
}

export interface SmallFileTimes {
  /** One a file: medians over the rounds. */
  readonly rows: readonly FileTimes[];
  /** Of 800 lines that import no framework. */
  readonly plainParseMs: number;
  readonly quickScanMs: number;
}

/** The first rounds warm the compiler, as an editor that has been open for a minute has. */
const rounds = { warming: 5, timed: 7 };
const filesOfFolder = 40;
const clock = () => performance.now();

async function timeFile(file: string, text: string): Promise<FileTimes> {
  const startMs = clock();
  parsePython(text);
  const parseMs = clock() - startMs;
  const { timings } = await analyze({ readText: async () => text }, file, { clock });
  return { parseMs, ...timings };
}

async function timeFiles(files: readonly string[]): Promise<readonly FileTimes[]> {
  const texts = files.map((file) => readFileSync(file, 'utf8'));
  const times: FileTimes[][] = files.map(() => []);
  for (let round = 0; round < rounds.warming + rounds.timed; round++) {
    for (const [index, file] of files.entries()) {
      const row = await timeFile(file, texts[index] ?? '');
      if (round >= rounds.warming) times[index]?.push(row);
    }
  }
  return times.map((rows) => {
    const of = (key: keyof FileTimes) => median(rows.map((row) => row[key]));
    return { parseMs: of('parseMs'), readMs: of('readMs'), signalMs: of('signalMs'), rulesMs: of('rulesMs') };
  });
}

/** A file that imports no framework must cost next to nothing beside a parse of the same text. */
async function timeQuickScan(): Promise<Pick<SmallFileTimes, 'plainParseMs' | 'quickScanMs'>> {
  const text = `import os\n${'def f(a, b):\n    return [a + b for _ in range(10)]\n'.repeat(400)}`;
  const parses: number[] = [];
  const scans: number[] = [];
  for (let round = 0; round < 30; round++) {
    const startMs = clock();
    parsePython(text);
    const parsedMs = clock();
    await analyze({ readText: async () => text }, 'plain.py', { clock });
    parses.push(parsedMs - startMs);
    scans.push(clock() - parsedMs);
  }
  return { plainParseMs: median(parses), quickScanMs: median(scans) };
}

function sample(folder: string, count: number): readonly string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.py'));
  const step = Math.max(1, Math.floor(names.length / count));
  return names
    .filter((_, index) => index % step === 0)
    .slice(0, count)
    .map((name) => path.join(folder, name));
}

async function main(): Promise<void> {
  const files = process.argv.slice(2).flatMap((folder) => sample(folder, filesOfFolder));
  const times: SmallFileTimes = { rows: await timeFiles(files), ...(await timeQuickScan()) };
  console.log(JSON.stringify(times));
}

void main();
