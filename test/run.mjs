// `npm test`: installs what is missing, builds, runs every test and prints one line of counts. Plain Node, no dependency.
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { ensureDependencies, root } from './host/dependencies.mjs';

const stages = [
  { name: 'unit', command: ['npx', 'mocha', '--config', 'test/unit/.mocharc.json'] },
  { name: 'command line', command: ['npx', 'mocha', '--config', 'test/cli/.mocharc.json'] },
  { name: 'page', command: ['npx', 'mocha', '--config', 'test/page/.mocharc.json'] },
  { name: 'editor', command: ['node', 'test/host/runEditorTests.mjs'] },
  { name: 'web', command: ['node', 'test/host/runWebTests.mjs'] },
  { name: 'workbench', command: ['npx', 'mocha', '--config', 'test/workbench/.mocharc.json'] },
];

const only = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };

await ensureDependencies();
await run(['node', 'esbuild.mjs', '--tests'], { mustPass: true });
for (const stage of stages) {
  if (only.length > 0 && !only.includes(stage.name)) continue;
  console.log(`\n── ${stage.name} ──`);
  const { code, output } = await run(stage.command);
  const counts = countsOf(output);
  // A stage that ran nothing, or died before mocha could count, has failed.
  if (counts.failed === 0 && (code !== 0 || counts.passed === 0)) counts.failed = 1;
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);

/** Runs a command with its output shown; resolves to its exit code and output. */
function run([command, ...args], { mustPass = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      shell: process.platform === 'win32',
      env: {
        ...process.env,
        PATH: `${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
      },
    });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
      process.stdout.write(data);
    });
    child.on('close', (code) => {
      if (mustPass && code !== 0) process.exit(code ?? 1);
      resolve({ code, output });
    });
  });
}

/** The closing lines of mocha's spec reporter. */
function countsOf(output) {
  const count = (word) => Number(new RegExp(`^\\s*(\\d+) ${word}\\b`, 'm').exec(output)?.[1] ?? 0);
  return { passed: count('passing'), failed: count('failing'), skipped: count('pending') };
}
