import { bundle, run } from './bundle';
import { buildKernels } from './kernels';
import { findPyTorch, type PyTorchTimes, timePyTorch } from './pytorch';
import type { SignalTimes } from './signalTimes';
import { type SpeedNetwork, speedNetworks } from './speedNetworks';

/** Both engines over whole networks, beside PyTorch itself in the same run. `site`: packages that networks are built of, where there are any. */
export async function benchSignal(site: string | undefined): Promise<void> {
  const rows = run<readonly SignalTimes[]>(await bundle('signalTimes'), [site ?? '', await buildKernels()]);
  const torch = findPyTorch();
  console.log(
    '\nwhole networks, ms of processor time: the analytic engine (median, code warm) with its limit, the surrogate (runs begun within 3 s), and' +
      '\nPyTorch itself in a process of its own: import, build, one forward and backward of two samples; and how many times faster the analytic is' +
      '\n                        nodes   analytic  limit   a layer   surrogate (runs)     import    build      run    than run  than all',
  );
  for (const network of speedNetworks) {
    const row = rows.find(({ name }) => name === network.name);
    const real = row && 'python' in torch ? timePyTorch(torch.python, network) : undefined;
    console.log(row ? `${signalCells(network, row)}${real ? realCells(real, row) : ''}` : `${network.name}: not read`);
  }
  if ('missing' in torch) console.log(`beside nothing: ${torch.missing}`);
}

function signalCells({ name, limitMs, depth }: SpeedNetwork, { nodes, analyticMs, surrogate }: SignalTimes): string {
  return [
    name.padEnd(24),
    String(nodes).padStart(5),
    analyticMs.toFixed(2).padStart(11),
    (limitMs === undefined ? '' : String(limitMs)).padStart(7),
    (depth === undefined ? '' : (analyticMs / depth).toFixed(3)).padStart(10),
    (surrogate ? `${surrogate.ms.toFixed(0)} (${surrogate.seeds})` : 'too big').padStart(19),
  ].join('');
}

function realCells({ importMs, buildMs, runMs }: PyTorchTimes, { analyticMs }: SignalTimes): string {
  const times = (ms: number) => `${Number((ms / analyticMs).toPrecision(2))} ×`;
  const [first = '', ...others] = [importMs, buildMs, runMs].map((ms) => ms.toFixed(0));
  const cells = [...others, times(runMs), times(importMs + buildMs + runMs)];
  return first.padStart(11) + cells.map((cell, index) => cell.padStart(index < 2 ? 9 : 11)).join('');
}
