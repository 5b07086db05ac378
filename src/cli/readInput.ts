import { readFile } from 'node:fs/promises';
import { sampleOf } from '../core/network/givenData';
import { type InputStatistics, inputPresets } from '../core/signal/inputStatistics';
import { CommandError } from './commandError';

/** A preset by name, or the statistics of a sample batch in a `.npy` file (batch axis first). */
export async function readInput(nameOrFile: string): Promise<InputStatistics> {
  const preset = inputPresets.find((name) => name === nameOrFile);
  if (preset) return preset;
  if (!nameOrFile.endsWith('.npy')) {
    throw new CommandError(`${nameOrFile} is neither a preset (${inputPresets.join(', ')}) nor a .npy file`);
  }
  const bytes = await readFile(nameOrFile).catch(() => {
    throw new CommandError(`${nameOrFile}: no such file, or it cannot be read`);
  });
  const statistics = sampleOf(bytes);
  if (statistics.kind === 'refused') throw new CommandError(`${nameOrFile}: ${statistics.reason}`);
  return statistics;
}
