import type { ModelAnalysis, Origin } from '../analysis';
import type { TextEdit } from '../findings/finding';
import { indentationAt, newlineOf } from '../findings/fixes/sourceText';
import { parsePython } from '../python/parse';
import { inputPresets } from '../signal/inputStatistics';
import { findDirectives } from './directive';
import { isDirectiveName } from './givenData';

/**
 * An edit that writes down, as a directive above the model, what is assumed of it or was said outside the source: arguments, input, data.
 * Undefined where there is nothing to write, or the model stands in no definition of this file.
 */
export function writeDirective(file: string, text: string, model: ModelAnalysis): TextEdit | undefined {
  const { name, body, span } = model;
  const parts = directiveParts(model.origins);
  if (span.file !== file || !/^[A-Za-z_]\w*$/.test(name) || parts === undefined) return undefined;
  const comment = `# gradlens: model ${name}${parts}`;
  const known = findDirectives(parsePython(text).comments).find(({ modelName }) => modelName === name);
  if (known) return { span: { file, start: known.start, end: known.end }, newText: comment };
  const lineStart = text.lastIndexOf('\n', body.start - 1) + 1;
  const newText = `${indentationAt(text, body.start)}${comment}${newlineOf(text)}`;
  return { span: { file, start: lineStart, end: lineStart }, newText };
}

/** `(depth=12) input=3x32x32 data=mnist`; undefined where the source says everything itself. */
function directiveParts(origins: readonly Origin[]): string | undefined {
  const isToWrite = ({ from }: Origin) => from === 'assumption' || from === 'user' || from === 'directive';
  const written = origins.filter(isToWrite);
  if (!written.some(({ from }) => from !== 'directive')) return undefined;
  const given = written.flatMap(({ subject, value }) =>
    subject.kind === 'argument' ? [`${subject.name}=${value}`] : [],
  );
  // A shortened value is none that could be read again.
  const isWhole = !given.some((argument) => /[…?]/.test(argument));
  const shape = written.find(({ subject }) => subject.kind === 'inputShape')?.value;
  const data = written.find(({ subject }) => subject.kind === 'inputData')?.value;
  const batch = written.find(({ subject, from }) => subject.kind === 'batchSize' && from !== 'assumption')?.value;
  return [
    given.length > 0 && isWhole ? `(${given.join(', ')})` : '',
    shape && /^\d+(?:x\d+)*$/.test(shape) ? ` input=${shape}` : '',
    batch === undefined ? '' : ` batch=${batch}`,
    data === undefined ? '' : dataPart(data),
  ].join('');
}

/** A preset, or the name of a sample batch; what the source itself computes of pixels is no name. */
function dataPart(data: string): string {
  if (inputPresets.some((preset) => preset === data)) return ` data=${data}`;
  if (!isWritableSample(data)) return '';
  return /\s/.test(data) ? ` data="${data}"` : ` data=${data}`;
}

/** True for the name of a sample batch that a directive can say. */
export function isWritableSample(name: string): boolean {
  return name.endsWith('.npy') && !/["\r\n]/.test(name) && isDirectiveName(name);
}
