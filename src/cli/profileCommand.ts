import { performance } from 'node:perf_hooks';
import { analyze } from '../core/analyze';
import { LineIndex } from '../protocol/lineIndex';
import { CommandError } from './commandError';
import { exitCodes } from './exitCodes';
import { nodeProject, whyUnreadable } from './nodeProject';
import { profileJson } from './profileJson';
import { profileText } from './profileText';
import { readInput } from './readInput';

export interface ProfileOptions {
  readonly model?: string;
  readonly input?: string;
  readonly inputShape?: readonly number[];
  readonly batch?: number;
  readonly format: 'text' | 'json';
}

/** `gradlens profile`: prints the profile and returns the exit code. */
export async function runProfile(file: string, options: ProfileOptions): Promise<number> {
  const why = await whyUnreadable(file);
  if (why) throw new CommandError(why);
  const analysis = await analyze(nodeProject, file, {
    clock: () => performance.now(),
    input: options.input === undefined ? undefined : await readInput(options.input),
    inputShape: options.inputShape,
    batchSize: options.batch,
    withFixes: true,
  });
  const models = analysis.models.filter((model) => options.model === undefined || model.name === options.model);
  if (models.length === 0 && options.model !== undefined) {
    const names = analysis.models.map((model) => model.name).join(', ');
    throw new CommandError(`${file}: no model named ${options.model}${names ? `; there is ${names}` : ''}`);
  }
  const lines = new LineIndex((await nodeProject.readText(file)) ?? '');
  const shown = { ...analysis, models };
  if (options.format === 'json') process.stdout.write(`${JSON.stringify(profileJson(shown, lines), undefined, 2)}\n`);
  else process.stdout.write(profileText(shown, lines));
  return exitCodes.clean;
}
