// Runs in a process of its own, bundled as the extension is: `node packageReading.js cold NAME` or `node --expose-gc packageReading.js memory`.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Timings } from '../src/core/analysis';
import { analyze } from '../src/core/analyze';

export interface ColdTimes {
  /** First analysis of the process, its files read from disk. */
  readonly cold: Timings;
  /** Analyses of the same file after one character was changed, each time another. */
  readonly edits: readonly Timings[];
  readonly parameters: number;
}

export interface MemoryUse {
  readonly models: number;
  readonly heapBytes: number;
}

const [, , task, site = '', name = ''] = process.argv;
const clock = () => performance.now();
const userFile = path.join(site, '..', 'user', 'model.py');
const countEdits = 20;

async function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

async function timeEdits(): Promise<ColdTimes> {
  const timings: Timings[] = [];
  let parameters = 0;
  // As the editor does, which remembers what it has read until it changes.
  const texts = new Map<string, Promise<string | undefined>>();
  const rememberedText = (file: string) => {
    const reading = texts.get(file) ?? readText(file);
    texts.set(file, reading);
    return reading;
  };
  for (let edit = 0; edit <= countEdits; edit++) {
    const classes = 10 + edit;
    const text = `import torch\nfrom torchvision.models import ${name}\n\nmodel = ${name}(num_classes=${classes})\n`;
    const project = {
      searchPaths: [site],
      readText: async (file: string) => (file === userFile ? text : rememberedText(file)),
    };
    const analysis = await analyze(project, userFile, { clock, budget: { timeMs: 60_000 } });
    timings.push(analysis.timings);
    parameters = analysis.models[0]?.network.parameters.length ?? 0;
  }
  const [cold, ...edits] = timings;
  if (!cold) throw new Error('nothing was timed');
  return { cold, edits, parameters };
}

/** Every builder that the corpus has recorded, one after the other in one process. */
async function measureMemory(): Promise<MemoryUse> {
  const table = JSON.parse(readFileSync(name, 'utf8')) as {
    readonly models: readonly {
      readonly file: string;
      readonly expression: string;
      readonly input: readonly number[];
    }[];
  };
  for (const { file, expression, input } of table.models) {
    const options = {
      clock,
      modelExpression: expression,
      inputShape: input,
      budget: { timeMs: 60_000, steps: 20_000_000 },
    };
    await analyze({ searchPaths: [site], readText }, path.join(site, file), options);
  }
  (globalThis as { gc?: () => void }).gc?.();
  return { models: table.models.length, heapBytes: process.memoryUsage().heapUsed };
}

async function main(): Promise<void> {
  console.log(JSON.stringify(task === 'memory' ? await measureMemory() : await timeEdits()));
}

void main();
