import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { MeasuredCase } from './accuracyRows';

const fixtures = path.join(__dirname, '../test/fixtures');

/** `families`: those of the issue; `development` and `heldout`: two halves of networks written unseen, the second never tuned on. */
export const familyFolders = ['families', 'development', 'heldout'] as const;
export type FamilyFolder = (typeof familyFolders)[number];

/** A measured network of the project's own families: a source, with its constants set as they were when it was measured. */
export interface FamilyCase extends Pick<MeasuredCase, 'family' | 'layers'> {
  readonly folder: FamilyFolder;
  readonly file: string;
  /** Of networks written unseen: the second or third set, where it is not of the first. */
  readonly set?: 2 | 3;
  readonly constants: Readonly<Record<string, string>>;
}

/** What `test/fixtures/families/measure.py` recorded. */
export function familyCases(folder: FamilyFolder = 'families'): readonly FamilyCase[] {
  const { cases } = JSON.parse(readFileSync(path.join(fixtures, folder, 'measured.json'), 'utf8')) as {
    readonly cases: readonly Omit<FamilyCase, 'folder'>[];
  };
  return cases.map((entry) => ({ folder, ...entry }));
}

/** The source as it was measured. */
export function sourceOf({ folder, file, constants }: FamilyCase): string {
  const text = readFileSync(path.join(fixtures, folder, file), 'utf8');
  return Object.entries(constants).reduce(
    (source, [name, value]) => source.replace(new RegExp(`^${name} = .*$`, 'm'), () => `${name} = ${value}`),
    text,
  );
}
