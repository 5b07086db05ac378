// `npm run bench`: time to parse, read, estimate and judge, over the case sources, as ratios to the parse of the same run; both engines over
// whole networks beside PyTorch itself; time and memory of models that are built of an installed package. Everything is timed in processes of its
// own, bundled as the extension is.
import path from 'node:path';
import { cacheFolder, fetchPackages } from '../test/corpus/packages';
import { bundle, run } from './bundle';
import { caseFolder } from './caseFolder';
import type { ColdTimes, MemoryUse } from './packageReading';
import { benchSignal } from './signalSpeed';
import type { SmallFileTimes } from './smallFiles';
import { median } from './statistics';
import { benchSurrogate } from './surrogateSpeed';

const coldStarts = 3;

async function benchSmallFiles(): Promise<void> {
  const folders = (['measured', 'keras-stacks'] as const).map(caseFolder);
  const { rows, plainParseMs, quickScanMs } = run<SmallFileTimes>(await bundle('smallFiles'), folders);
  console.log(`${rows.length} files from ${folders.join(', ')}`);
  console.log('\nmedian per file      ms   × parse of the same file (reading: limit 3)');
  for (const [label, key] of [
    ['parse alone', 'parseMs'],
    ['read', 'readMs'],
    ['signal', 'signalMs'],
    ['rules', 'rulesMs'],
  ] as const) {
    const value = median(rows.map((row) => row[key]));
    const ratio = median(rows.map((row) => row[key] / row.parseMs));
    console.log(`${label.padEnd(16)} ${value.toFixed(2).padStart(7)}  ${ratio.toFixed(2).padStart(7)}`);
  }
  console.log(
    `\n800 lines without a framework: quick scan ${(quickScanMs * 1000).toFixed(0)} µs, 1/${(plainParseMs / quickScanMs).toFixed(0)} of their parse`,
  );
}

/** Undefined on a machine that cannot download them. */
function packagesFolder(): string | undefined {
  try {
    fetchPackages();
    return cacheFolder;
  } catch {
    console.log('\nno packages: they are downloaded with pip and unpacked with python3');
    return undefined;
  }
}

async function benchPackages(site: string): Promise<void> {
  const script = await bundle('packageReading');
  console.log(
    '\na file that builds a model of torchvision: read in a new process (bundle loaded, nothing cached, files from disk; limit 150 ms),' +
      '\nand again after a change of one character (files remembered as the editor does; median of 20; limit 30 ms)' +
      '\n                  read ms   signal   rules     edit ms   signal   rules',
  );
  for (const name of ['resnet152', 'vit_l_16']) {
    const runs = Array.from({ length: coldStarts }, () => run<ColdTimes>(script, ['cold', site, name]));
    const edits = runs.flatMap((times) => times.edits);
    const cells = [runs.map((times) => times.cold), edits].map((timings) =>
      (['readMs', 'signalMs', 'rulesMs'] as const)
        .map((key) =>
          median(timings.map((timing) => timing[key]))
            .toFixed(1)
            .padStart(8),
        )
        .join(' '),
    );
    console.log(`${name.padEnd(16)} ${cells.join('    ')}   (${runs[0]?.parameters} parameter tensors)`);
  }
  const table = path.join(__dirname, '../test/corpus/torchvision.json');
  const { models, heapBytes } = run<MemoryUse>(script, ['memory', site, table], ['--expose-gc']);
  console.log(
    `\nheap after reading ${models} models of torchvision: ${(heapBytes / 1e6).toFixed(0)} MB (limit 200 MB)`,
  );
}

async function main(): Promise<void> {
  await benchSmallFiles();
  await benchSurrogate();
  const site = packagesFolder();
  await benchSignal(site);
  if (site) await benchPackages(site);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
