import type { AnalyzeOptions } from '../analysis';
import { constructModel } from './constructModel';
import type { FoundEntries } from './entryPoints';
import { type EntryPoint, isReferredTo, modelClasses, namedByDefinition, partsOf } from './entryPoints';
import type { FileEvaluation } from './fileEvaluation';

/** Classes of the file that its models are built of: profiled where somebody asks. */
export function blockNames(evaluation: FileEvaluation, { entries }: FoundEntries): readonly string[] {
  const shown = new Set(entries.map(({ name }) => name));
  return modelClasses(evaluation).flatMap(([{ definition }]) => {
    const isBlock = definition && !shown.has(definition.name.name) && isReferredTo(evaluation, definition);
    return isBlock ? [definition.name.name] : [];
  });
}

/** The block as the first of the file's models holds it, else one that is constructed for itself. */
export function blockEntry(
  evaluation: FileEvaluation,
  name: string,
  { entries }: FoundEntries,
  settings: AnalyzeOptions['models'],
): FoundEntries {
  const nothing: FoundEntries = { entries: [], unknowns: [], unbuilt: [] };
  const found = modelClasses(evaluation).find(([{ definition }]) => definition?.name.name === name);
  const definition = found?.[0].definition;
  if (!found || !definition) return nothing;
  const [cls, { id, open }] = found;
  const named = namedByDefinition(evaluation, definition);
  const entry = (made: Pick<EntryPoint, 'model' | 'assumptions' | 'making'>): FoundEntries => ({
    ...nothing,
    entries: [{ ...named, framework: id, open, application: undefined, ...made }],
  });
  const held = [...partsOf(evaluation, new Set(entries.map(({ model }) => model)))].find((part) => part.class === cls);
  if (held) return entry({ model: held, assumptions: [], making: undefined });
  const made = constructModel(evaluation, cls, { id, open }, settings?.[name]);
  if (made.kind === 'model') return entry(made);
  return {
    ...nothing,
    unknowns: [{ reason: made.reason, span: named.body }],
    unbuilt: made.missing.length > 0 ? [{ ...named, missing: made.missing }] : [],
  };
}
