import type { Finding, TextEdit } from '../finding';

/** An edit that silences the finding on its line; the user fills in the reason. */
export function ignoreFinding(text: string, finding: Finding): TextEdit {
  const end = text.indexOf('\n', finding.span.end);
  let at = end < 0 ? text.length : end;
  if (text[at - 1] === '\r') at--;
  const lineStart = text.lastIndexOf('\n', finding.span.start - 1) + 1;
  const comment = `# gradlens: ignore[${finding.rule}] reason`;
  const isOneLine = !text.slice(finding.span.start, finding.span.end).includes('\n');
  if (isOneLine && !text.slice(lineStart, at).endsWith('\\')) {
    return { span: { file: finding.span.file, start: at, end: at }, newText: `  ${comment}` };
  }
  const indentation = /^[ \t]*/.exec(text.slice(lineStart))?.[0] ?? '';
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  return {
    span: { file: finding.span.file, start: lineStart, end: lineStart },
    newText: `${indentation}${comment}${newline}`,
  };
}
