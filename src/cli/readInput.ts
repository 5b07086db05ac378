import { readFile } from 'node:fs/promises';
import { type InputStatistics, inputPresets } from '../core/signal/inputStatistics';
import { parseNpy } from '../core/signal/npy';
import { sampleStatistics } from '../core/signal/sampleStatistics';
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
  const array = parseNpy(bytes);
  if (array.kind === 'refused') throw new CommandError(`${nameOrFile}: ${array.reason}`);
  const statistics = sampleStatistics(array);
  if (statistics.kind === 'refused') throw new CommandError(`${nameOrFile}: ${statistics.reason}`);
  return statistics;
}
