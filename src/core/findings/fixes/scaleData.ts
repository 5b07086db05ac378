import { unscaledLoads } from '../../network/unscaledData';
import type { TextEdit } from '../finding';
import type { FixRequest } from './fixCandidate';
import { indentationAt, newlineOf, replace } from './sourceText';

/** Edits that divide the pixels by 255 right after they are loaded, where models are fitted to them as they are. */
export function scaleData({ sources }: FixRequest): readonly TextEdit[] {
  return [...sources.values()].flatMap((source) =>
    unscaledLoads(source.module).map(({ statement: { start, end }, samples }) => {
      const scaled = samples.map((name) => `${name} / 255.0`).join(', ');
      const line = `${newlineOf(source.text)}${indentationAt(source.text, start)}${samples.join(', ')} = ${scaled}`;
      return replace(source, { start: end, end }, line);
    }),
  );
}
