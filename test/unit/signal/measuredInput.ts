import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { InputStatistics } from '../../../src/core/signal/inputStatistics';
import { parseNpy } from '../../../src/core/signal/npy';
import { sampleStatistics } from '../../../src/core/signal/sampleStatistics';

const folder = path.join(__dirname, '..', '..', 'fixtures', 'cases', 'measured', 'inputs');

/** The sample batch of a measured case's input where there is one; the others are standard normal or tokens. */
export function measuredInput(name: string): InputStatistics {
  const file = path.join(folder, `${name}.npy`);
  if (!existsSync(file)) return name.startsWith('tokens') ? 'tokens' : 'standard-normal';
  const array = parseNpy(readFileSync(file));
  assert.equal(array.kind, 'array');
  const statistics = sampleStatistics(array);
  assert.equal(statistics.kind, 'sample');
  return statistics;
}
