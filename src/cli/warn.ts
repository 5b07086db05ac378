import process from 'node:process';

/** One line to the person at the terminal, apart from the answer. */
export function warn(line: string): void {
  process.stderr.write(`gradlens: ${line}\n`);
}
