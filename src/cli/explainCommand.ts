import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { catalogue, findActivation } from '../core/activations/catalogue';
import { findRule, rules } from '../core/rules/rules';
import { activationText } from './activationText';
import { CommandError } from './commandError';
import { exitCodes } from './exitCodes';

/** Pages of the rules, beside `dist` in the package and in a clone. */
const rulePages = path.join(__dirname, '..', 'docs', 'rules');

/** `gradlens explain`: prints a rule's page or what the catalogue says of an activation. */
export async function runExplain(name: string): Promise<number> {
  const wanted = name.trim().toLowerCase();
  if (findRule(wanted)) {
    process.stdout.write(await readFile(path.join(rulePages, `${wanted}.md`), 'utf8'));
    return exitCodes.clean;
  }
  const entry = findActivation(wanted) ?? findActivation(wanted.replaceAll('_', '-'));
  if (entry) {
    process.stdout.write(activationText(entry));
    return exitCodes.clean;
  }
  throw new CommandError(
    `${name}: neither a rule (${rules.map((rule) => rule.id).join(', ')}) nor an activation (${catalogue.map((activation) => activation.id).join(', ')})`,
  );
}
