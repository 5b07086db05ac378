import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '..');

/** The case sources: the whole collection beside the clone where there is one, else the sample that is kept with the tests. */
export function caseFolder(family: 'measured' | 'keras-stacks'): string {
  const whole = path.join(root, '..', 'shared', 'cases', family);
  return existsSync(whole) ? whole : path.join(root, 'test', 'fixtures', 'cases', family);
}
