import { readdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { format } from 'node:util';
import Mocha from 'mocha';

/** Runs every compiled `*.test.js` beside this file; VS Code calls it and takes a rejection as failure. */
export async function run(): Promise<void> {
  const mark = process.env.GRADLENS_TEST_MARK;
  if (mark !== undefined) {
    Mocha.reporters.Base.consoleLog = (...args: unknown[]) => console.log(mark + format(...args));
  }
  const mocha = new Mocha({
    ui: 'tdd',
    color: false,
    timeout: 30_000,
    slow: 2_000,
    grep: process.env.GRADLENS_TEST_GREP,
  });
  const files = readdirSync(__dirname).filter((name) => name.endsWith('.test.js'));
  for (const file of files.sort()) mocha.addFile(path.join(__dirname, file));
  const failures = await new Promise<number>((resolve) => {
    mocha.run(resolve);
  });
  if (files.length === 0 || failures > 0) throw new Error(`${failures} of the editor tests failed.`);
}
