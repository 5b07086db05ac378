import type { ParsedModule } from '../python/parse';
import type { FunctionDefinition } from '../python/syntax';
import { walk } from '../python/syntaxSearch';
import type { FunctionValue, InstanceValue, Value } from '../python/values';
import type { Span } from '../span';
import type { FileEvaluation } from './fileEvaluation';

const modelNames = /^(model|net|network|classifier)$/i;
const mainNames = /^(main|train|run|fit)$/i;

/**
 * Runs training functions that the file defines and nothing calls (a notebook or another file does), so that the loss and the example
 * input in them are seen: a parameter named `model` or `net` gets the file's only model, others are unknown. True where any was run.
 */
export function runUncalledTraining(
  evaluation: FileEvaluation,
  models: readonly { readonly model: InstanceValue; readonly application: unknown }[],
): boolean {
  if (models.length > 0 && models.every(({ application }) => application !== undefined)) return false;
  const only = models.length === 1 ? models[0]?.model : undefined;
  let hasRun = false;
  for (const value of evaluation.scope.names.values()) {
    if (value.kind !== 'function' || value.file !== evaluation.file || value.definition.kind !== 'function') continue;
    const { definition } = value;
    if (!mayTrain(definition) || isCalled(evaluation.parsed, value.name)) continue;
    const span: Span = { file: evaluation.file, start: definition.name.start, end: definition.name.end };
    evaluation.interpreter.context([span]).call(value, [], argumentsFor(value, only, span));
    hasRun = true;
  }
  return hasRun;
}

/** True where something in the file calls a function of this name. */
export function isCalled(parsed: ParsedModule, name: string): boolean {
  let isFound = false;
  walk(parsed.module, (node) => {
    if (node.kind === 'call' && node.callee.kind === 'name' && node.callee.name === name) isFound = true;
  });
  return isFound;
}

function argumentsFor(
  { definition, name: owner }: FunctionValue,
  model: InstanceValue | undefined,
  span: Span,
): ReadonlyMap<string, Value> {
  const given = new Map<string, Value>();
  for (const { form, name, default: value } of definition.parameters) {
    if (form !== 'plain' || !name || value !== undefined) continue;
    const isModel = model !== undefined && modelNames.test(name.name);
    given.set(name.name, isModel ? model : { kind: 'unknown', reason: `nothing calls ${owner}`, span });
  }
  return given;
}

/** Computes gradients, or is the program itself. */
function mayTrain(definition: FunctionDefinition): boolean {
  if (mainNames.test(definition.name.name) && definition.parameters.length === 0) return true;
  let isFound = false;
  walk(definition, (node) => {
    if (node.kind === 'attribute' && (node.attribute.name === 'backward' || node.attribute.name === 'gradient'))
      isFound = true;
  });
  return isFound;
}
