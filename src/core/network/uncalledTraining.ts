import { makeStr } from '../python/make';
import type { ParsedModule } from '../python/parse';
import type { FunctionDefinition } from '../python/syntax';
import { walk } from '../python/syntaxSearch';
import type { FunctionValue, InstanceValue, Value } from '../python/values';
import type { Span } from '../span';
import type { EntryPoint } from './entryPoints';
import type { FileEvaluation } from './fileEvaluation';
import type { SeenLoss } from './readingSession';
import { differentiatedFrom } from './tracedLoss';

const modelNames = /^(model|net|network|classifier)$/i;
const mainNames = /^(main|train|run|fit)$/i;

/** The method that a trainer of PyTorch Lightning calls with each batch; it gives back the loss, or names it in a mapping. */
const stepName = 'training_step';

type Found = Pick<EntryPoint, 'model' | 'application' | 'open'>;

/**
 * Runs training that nothing calls (a notebook, another file or a trainer does), so that the loss and the example input in it are seen:
 * functions of the file, where a parameter named `model` or `net` gets the file's only model and others are unknown, and the models' own
 * steps. True where any was run.
 */
export function runUncalledTraining(evaluation: FileEvaluation, models: readonly Found[]): boolean {
  const hasRunSteps = runSteps(evaluation, models);
  if (models.length > 0 && models.every(({ application }) => application !== undefined)) return hasRunSteps;
  const only = models.length === 1 ? models[0]?.model : undefined;
  let hasRun = hasRunSteps;
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

/** Where the file has differentiated nothing: each model's own step, given nothing that is known. */
function runSteps({ session, interpreter }: FileEvaluation, models: readonly Found[]): boolean {
  if (session.losses.length > 0) return false;
  let hasRun = false;
  for (const { model, open } of models) {
    const step = model.class.mro.map(({ namespace }) => namespace.get(stepName)).find(isOwn);
    const { definition } = step ?? {};
    if (!step || definition?.kind !== 'function') continue;
    const span: Span = { file: step.file, start: definition.name.start, end: definition.name.end };
    const context = interpreter.context([span]);
    const [self] = definition.parameters;
    const given = new Map(argumentsFor(step, undefined, span));
    if (self?.name) given.set(self.name.name, model);
    // What a step does not know of its batch says nothing of the network.
    const result = interpreter.unrecorded(() => context.call(step, [], given));
    hasRun = true;
    const loss = result.kind === 'dict' ? context.getItem(result, makeStr('loss')) : result;
    const [tensor] = open.tensorsIn(loss);
    if (tensor) session.lossSeen(tensor, [span]);
  }
  // What the unknown batch went into otherwise than by way of a loss of the framework's is no loss that a gradient could be told of.
  const { nodes } = session.tracer;
  const isUnderstood = ({ tensor }: SeenLoss) =>
    [...differentiatedFrom(nodes, [tensor.node])].every((id) => nodes[id]?.operation.kind !== 'unknown');
  session.losses.splice(0, session.losses.length, ...session.losses.filter(isUnderstood));
  return hasRun;
}

function isOwn(value: Value | undefined): value is FunctionValue {
  return value?.kind === 'function';
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
