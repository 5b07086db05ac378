import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import type { Analysis } from '../../src/core/analysis';
import { analyze } from '../../src/core/analyze';
import type { Project } from '../../src/core/project';
import { formatMessage } from '../../src/protocol/format';
import { cacheFolder } from './packages';

/**
 * `npm run corpus -- --fuzz`: files of the packages, cut off at every line end and edited at random. Nothing may throw, nothing may take
 * longer than its budget, nothing may name an internal error. `GRADLENS_SEED` chooses other files and edits.
 */
const seed = Number(process.env.GRADLENS_SEED ?? 20261124);
const prefixFiles = 200;
const longestPrefixFile = 16_000;
const edits = 600;
const budget = { timeMs: 400, steps: 100_000 };
/** Processor time beyond the reader's budget: the parse before it, the signal after it, and a collection of garbage. */
const allowedMs = 1_500;

interface Failure {
  readonly file: string;
  readonly what: string;
  readonly text: string;
}

const failures: Failure[] = [];
let slowestMs = 0;
let count = 0;

const onDisk: Project = {
  searchPaths: [cacheFolder],
  readText: (file) => readFile(file, 'utf8').catch(() => undefined),
};

/** Processor time, so that other programs on the machine do not matter. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function check(file: string, text: string, follow: boolean): Promise<void> {
  const readText = async (name: string) => (name === file ? text : follow ? onDisk.readText(name) : undefined);
  const project: Project = { readText, ...(follow && onDisk.searchPaths && { searchPaths: onDisk.searchPaths }) };
  const startMs = processorMs();
  count++;
  try {
    const analysis = await analyze(project, file, { clock: () => performance.now(), budget });
    const internal = reasonsOf(analysis).find((reason) => reason.includes('internal error'));
    if (internal) failures.push({ file, what: internal, text });
  } catch (error) {
    failures.push({ file, what: error instanceof Error ? (error.stack ?? error.message) : String(error), text });
  }
  const ms = processorMs() - startMs;
  slowestMs = Math.max(slowestMs, ms);
  if (ms > budget.timeMs + allowedMs) failures.push({ file, what: `took ${ms.toFixed(0)} ms of processor time`, text });
}

function reasonsOf({ unknowns, models }: Analysis): readonly string[] {
  return [...unknowns, ...models.flatMap((model) => model.unknowns)].map(({ reason }) => formatMessage(reason));
}

function pythonFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => path.join(folder, name));
}

async function everyPrefix(file: string, text: string): Promise<void> {
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) {
    await check(file, text.slice(0, end), false);
  }
}

const inserted = [
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '"""',
    ':',
    ',',
    '=',
    '\n',
    '\n    ',
    '\t',
    '\\',
    '#',
    '*',
    '**',
    '.',
    '@',
  ],
  ...[
    'def ',
    'class ',
    'f"{',
    'lambda: ',
    ' if ',
    ' for x in range(10**12)',
    'while True:\n',
    ' = ',
    '0',
    '-1',
    'None',
  ],
  ...['import ', 'from . import *\n', '~', '%', '\u0000', '\uFEFF', 'é', '𝒳', '\r', ' * 10**9', '(yield)', 'await '],
] as const;

async function randomEdits(files: readonly string[]): Promise<void> {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.nat(60),
    text: fc.oneof(fc.constantFrom(...inserted), fc.string({ maxLength: 8, unit: 'binary' })),
  });
  const chosen = fc.sample(
    fc.record({ file: fc.constantFrom(...files), edits: fc.array(edit, { minLength: 1, maxLength: 4 }) }),
    { seed, numRuns: edits },
  );
  for (const choice of chosen) {
    let text = readFileSync(choice.file, 'utf8');
    for (const { at, removed, text: added } of choice.edits) {
      const position = Math.floor(at * text.length);
      text = text.slice(0, position) + added + text.slice(position + removed);
    }
    await check(choice.file, text, true);
  }
}

export async function fuzz(): Promise<boolean> {
  const startMs = performance.now();
  const files = pythonFiles(cacheFolder);
  const short = files.filter((file) => readFileSync(file).length <= longestPrefixFile);
  const chosen = fc.sample(fc.shuffledSubarray([...short], { minLength: prefixFiles, maxLength: prefixFiles }), {
    seed,
    numRuns: 1,
  })[0];
  for (const file of chosen ?? []) await everyPrefix(file, readFileSync(file, 'utf8'));
  const prefixes = count;
  await randomEdits(files);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  console.log(
    `\nfuzz (seed ${seed}): ${prefixes} prefixes of ${chosen?.length} files, ${count - prefixes} random edits in ${seconds} s;` +
      ` ${failures.length} failures; slowest ${slowestMs.toFixed(0)} ms, budget ${budget.timeMs} ms`,
  );
  for (const { file, what, text } of failures.slice(0, 20)) {
    console.log(`  ${path.relative(cacheFolder, file)} (${text.length} characters): ${what}`);
  }
  return failures.length === 0;
}
