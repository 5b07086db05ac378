import { Command, InvalidArgumentError, Option } from 'commander';
import packageJson from '../../package.json';
import { engines } from '../core/signal/engines';
import { inputPresets } from '../core/signal/inputStatistics';
import { runCheck } from './checkCommand';
import { exitCodes } from './exitCodes';
import { runExplain } from './explainCommand';
import { runProfile } from './profileCommand';

const severities = ['error', 'warning', 'information', 'hint'] as const;

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('A positive whole number is wanted.');
  return value;
}

function inputShape(text: string): readonly number[] {
  const sizes = text.split(/[x×,]/).map(Number);
  if (!sizes.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw new InvalidArgumentError('Sizes without the batch are wanted, such as 3x224x224.');
  }
  return sizes;
}

function collect(folder: string, before: readonly string[] = []): readonly string[] {
  return [...before, folder];
}

const placesHelp = `
Places read file:line:column, in a notebook file:cell 3:line:column, all from 1; cells are counted as the notebook shows them, text
cells too. In JSON they are zero-based: "cell" stands beside "start" and "end", whose lines are those of the cell.
Imports are looked for in --search-path, the project around the file, the working folder with its src, and the packages of the active
environment ($VIRTUAL_ENV, $CONDA_PREFIX), else of .venv, venv or env in the working folder. Nothing is run.
`;

const program = new Command('gradlens')
  .description('Shows how activations and gradients flow through a model at initialisation, from its source alone.')
  .version(packageJson.version)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.clean : exitCodes.couldNotRun));

program
  .command('profile')
  .description('print the gradient profile of the models in a file')
  .argument('<file>', 'a Python file or a notebook (.ipynb)')
  .option('--model <name|call>', 'only the model of this name, or one to construct: "resnet18(num_classes=10)"')
  .option('--input <preset|file.npy>', `what the data is like: ${inputPresets.join(', ')}, or a sample batch`)
  .option('--input-shape <shape>', 'shape of one sample, such as 3x32x32', inputShape)
  .option('--batch <size>', 'batch size', positiveInteger)
  .option('--search-path <folder>', 'where imports are looked for too; may be given again', collect)
  .addOption(
    new Option(
      '--engine <engine>',
      'how the signal is estimated: by formulas, by real runs with random weights, or both',
    )
      .choices(engines)
      .default('merged'),
  )
  .option(
    '--seeds <count>',
    'real runs, each with weights and inputs of its own (8, where they differ much up to 24)',
    positiveInteger,
  )
  .addOption(new Option('--format <format>', 'form of the answer').choices(['text', 'json']).default('text'))
  .addHelpText('after', placesHelp)
  .action(async (file: string, options) => {
    process.exitCode = await runProfile(file, options);
  });

program
  .command('check')
  .description('report what will hinder training, in files and folders')
  .argument('<path...>', 'Python files, notebooks or folders')
  .option('--search-path <folder>', 'where imports are looked for too; may be given again', collect)
  .addOption(
    new Option('--format <format>', 'form of the answer').choices(['text', 'json', 'sarif', 'github']).default('text'),
  )
  .addOption(new Option('--severity <severity>', 'least severity that counts').choices(severities).default('warning'))
  .addHelpText('after', placesHelp)
  .action(async (paths: string[], options) => {
    process.exitCode = await runCheck(paths, options);
  });

program
  .command('explain')
  .description('explain a rule or an activation')
  .argument('<name>', 'a rule id such as vanishing-gradient, or an activation such as gelu')
  .action(async (name: string) => {
    process.exitCode = await runExplain(name);
  });

/** Output into a closed pipe (`| head`) is no failure of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.clean);
  throw error;
});

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`gradlens: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = exitCodes.couldNotRun;
});
