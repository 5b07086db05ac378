import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { MeasuredCase } from './accuracyRows';

const folder = path.join(__dirname, '../test/fixtures/families');

/** A measured network of the project's own families: a source, with its constants set as they were when it was measured. */
export interface FamilyCase extends Pick<MeasuredCase, 'family' | 'layers'> {
  readonly file: string;
  readonly constants: Readonly<Record<string, string>>;
}

/** What `test/fixtures/families/measure.py` recorded. */
export function familyCases(): readonly FamilyCase[] {
  const { cases } = JSON.parse(readFileSync(path.join(folder, 'measured.json'), 'utf8')) as {
    readonly cases: readonly FamilyCase[];
  };
  return cases;
}

/** The source as it was measured. */
export function sourceOf({ file, constants }: FamilyCase): string {
  const text = readFileSync(path.join(folder, file), 'utf8');
  return Object.entries(constants).reduce(
    (source, [name, value]) => source.replace(new RegExp(`^${name} = .*$`, 'm'), () => `${name} = ${value}`),
    text,
  );
}
