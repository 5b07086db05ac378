import type { AnalyzeOptions, Assumption, UnbuiltModel, Unknown } from '../analysis';
import type { Message } from '../findings/finding';
import type { FrameworkId, OpenFramework } from '../frameworks/framework';
import type { CallExpression, ClassDefinition, FunctionDefinition } from '../python/syntax';
import { walk } from '../python/syntaxSearch';
import type { ClassValue, FunctionValue, InstanceValue, Value } from '../python/values';
import type { Span } from '../span';
import { parametersOf } from './assumedArguments';
import { chooseArguments, constructModel } from './constructModel';
import type { FileEvaluation, OpenedFramework } from './fileEvaluation';
import { findForwardFunctions } from './handwrittenFunctions';
import { findScriptNetwork } from './handwrittenScript';
import type { Making } from './origins';
import type { SeenApplication } from './readingSession';
import { differentiatedFrom } from './tracedLoss';
import { isCalled, runUncalledTraining } from './uncalledTraining';

/** A model worth a profile, and how the source uses it. */
export interface EntryPoint {
  readonly name: string;
  readonly span: Span;
  readonly body: Span;
  readonly framework: FrameworkId;
  readonly open: OpenFramework;
  readonly model: InstanceValue;
  /** Its first application in the file, with known inputs where there is one. */
  readonly application: SeenApplication | undefined;
  readonly assumptions: readonly Assumption[];
  readonly making: Making | undefined;
}

export interface FoundEntries {
  readonly entries: readonly EntryPoint[];
  /** Models that could not be constructed, with the reason. */
  readonly unknowns: readonly Unknown[];
  readonly unbuilt: readonly UnbuiltModel[];
}

/** What was found out about a model when it was made. */
type Made = Pick<EntryPoint, 'assumptions' | 'making'>;

const madeByTheSource: Made = { assumptions: [], making: undefined };

/** What the user says of models, by name. */
type Settings = AnalyzeOptions['models'];

type Named = Pick<EntryPoint, 'name' | 'span' | 'body'>;

type Add = (model: InstanceValue, named: Named | undefined, made?: Made) => void;

interface Unbuilt extends Named {
  readonly reason: Message;
  readonly missing: readonly string[];
}

/**
 * The models of a file in the order of the source: those that it applies or keeps in a name, classes that it only defines and that no
 * other model is built of, and what its builder functions return. One entry a class or builder; a part of another model is none.
 */
export function findEntryPoints(evaluation: FileEvaluation, settings?: Settings): FoundEntries {
  const found = collectEntries(evaluation, settings, new Map());
  if (!runUncalledTraining(evaluation, found.entries)) return found;
  return collectEntries(evaluation, settings, new Map(found.entries.map((entry) => [entry.model, entry])));
}

/** `constructed`: models that an earlier look made, with what it assumed for them. */
function collectEntries(
  evaluation: FileEvaluation,
  settings: Settings,
  constructed: ReadonlyMap<InstanceValue, Made>,
): FoundEntries {
  const applications = [...evaluation.session.applications];
  const instances = new Set<InstanceValue>([
    ...preferKnownInputs(applications).map(({ model }) => model),
    ...[...evaluation.scope.names.values()].flatMap((value) => modelsIn(evaluation, value)),
    ...constructed.keys(),
  ]);
  const parts = partsOf(evaluation, instances);
  const entries = new Map<string, EntryPoint>();
  const isTrained = trainedModels(evaluation);
  const add: Add = (model, named, { assumptions, making } = madeByTheSource) => {
    const framework = evaluation.frameworkOf(model);
    if (!framework || !named) return;
    const other = entries.get(named.name)?.model;
    // A copy that only follows the one that is trained is applied first where targets are computed first.
    if (other && (isTrained(other) || !isTrained(model) || !isCopy(evaluation, framework.open, other, model))) return;
    const application = preferKnownInputs(applications).find((candidate) => candidate.model === model);
    entries.set(named.name, {
      ...named,
      framework: framework.id,
      open: framework.open,
      model,
      application,
      assumptions,
      making,
    });
  };
  for (const model of instances) {
    if (!parts.has(model)) add(untrained(evaluation, model), nameOf(evaluation, model), constructed.get(model));
  }
  const known = new Set([...instances, ...parts].map((instance) => instance.class));
  const unbuilt = addClasses(evaluation, settings, known, add);
  if (entries.size === 0) addBuilders(evaluation, settings, add);
  if (entries.size === 0) addHandwritten(evaluation, add);
  const inOrder = [...entries.values()].sort((a, b) => a.span.start - b.span.start);
  const isMissing = ({ span }: { readonly span: Span }) => !inOrder.some(({ body }) => body.start === span.start);
  const failed = unbuilt.filter(({ body }) => isMissing({ span: body }));
  return {
    entries: inOrder,
    unknowns: failed.map(({ reason, body }) => ({ reason, span: body })),
    unbuilt: failed.flatMap(({ name, span, missing }) => (missing.length > 0 ? [{ name, span, missing }] : [])),
  };
}

/** A hand-written network that the file has trained is made once more: its arrays have changed. */
function untrained(evaluation: FileEvaluation, model: InstanceValue): InstanceValue {
  const framework = evaluation.frameworkOf(model);
  if (framework?.open !== evaluation.handwritten || !model.class.definition) return model;
  const made = constructModel(evaluation, model.class, framework, undefined);
  return made.kind === 'model' && made.assumptions.length === 0 ? made.model : model;
}

/** Tells models from whose outputs a gradient goes back: a loss that is differentiated is computed from them. */
function trainedModels({ session }: FileEvaluation): (model: InstanceValue) => boolean {
  const { tracer, losses, applications } = session;
  const trained = new Set<InstanceValue>();
  const ends = losses.map(({ tensor }) => tensor.node);
  const reached = differentiatedFrom(tracer.nodes, ends);
  for (const { model, outputs } of applications) if (outputs.some(({ node }) => reached.has(node))) trained.add(model);
  return (model) => trained.has(model);
}

/** True where two models of one class have parameters of the same shapes. */
function isCopy({ session }: FileEvaluation, open: OpenFramework, one: InstanceValue, other: InstanceValue): boolean {
  const shapesOf = (model: InstanceValue) => open.parametersOf(model).map((id) => session.tracer.parameter(id).shape);
  return one.class === other.class && JSON.stringify(shapesOf(one)) === JSON.stringify(shapesOf(other));
}

function preferKnownInputs(applications: readonly SeenApplication[]): readonly SeenApplication[] {
  return [...applications].sort((a, b) => Number(a.usesAssumedInput) - Number(b.usesAssumedInput));
}

function modelsIn(evaluation: FileEvaluation, value: Value): readonly InstanceValue[] {
  const isModel = (item: Value): item is InstanceValue => evaluation.isModel(item);
  if (value.kind === 'list' || value.kind === 'tuple') return [...value.items].filter(isModel);
  if (value.kind === 'dict') return [...value.entries.values()].map((entry) => entry.value).filter(isModel);
  return isModel(value) ? [value] : [];
}

/** Every object below the models' attributes. */
export function partsOf(evaluation: FileEvaluation, models: ReadonlySet<InstanceValue>): ReadonlySet<InstanceValue> {
  const parts = new Set<InstanceValue>();
  const visit = (value: Value, depth: number): void => {
    if (depth > 40) return;
    if (value.kind === 'list' || value.kind === 'tuple') for (const item of value.items) visit(item, depth + 1);
    else if (value.kind === 'dict') for (const entry of value.entries.values()) visit(entry.value, depth + 1);
    else if (value.kind === 'instance' && !parts.has(value)) {
      parts.add(value);
      for (const attribute of value.attributes.values()) visit(attribute, depth + 1);
    }
  };
  for (const model of models) {
    if (!evaluation.isModel(model) || parts.has(model)) continue;
    for (const attribute of model.attributes.values()) visit(attribute, 0);
  }
  return parts;
}

/** By its class where that is the user's, else by the function that built it, else by the variable that holds it. */
function nameOf(evaluation: FileEvaluation, model: InstanceValue): Named | undefined {
  const { definition } = model.class;
  if (definition && model.class.file === evaluation.file) return namedByDefinition(evaluation, definition);
  const made = model.made.find((span) => span.file === evaluation.file);
  const builder = made && functionAround(evaluation, made);
  if (builder && builder.name.name !== 'main') return namedByDefinition(evaluation, builder);
  return namedByVariable(evaluation, model, made);
}

export function namedByDefinition({ file }: FileEvaluation, definition: ClassDefinition | FunctionDefinition): Named {
  const { name, start, end } = definition;
  return { name: name.name, span: { file, start: name.start, end: name.end }, body: { file, start, end } };
}

function functionAround({ parsed }: FileEvaluation, span: Span): FunctionDefinition | undefined {
  return parsed.module.body.find(
    (statement): statement is FunctionDefinition =>
      statement.kind === 'function' && statement.start <= span.start && statement.end >= span.end,
  );
}

function namedByVariable(
  { parsed, scope, file }: FileEvaluation,
  model: InstanceValue,
  made: Span | undefined,
): Named | undefined {
  let found: Named | undefined;
  walk(parsed.module, (node) => {
    if (found || node.kind !== 'assign') return;
    for (const target of node.targets) {
      if (target.kind !== 'name') continue;
      const isMade = made !== undefined && node.value.start <= made.start && node.value.end >= made.end;
      if (!isMade && scope.names.get(target.name) !== model) continue;
      found ??= {
        name: target.name,
        span: { file, start: target.start, end: target.end },
        body: { file, start: node.start, end: node.end },
      };
    }
  });
  return found ?? (made && { name: 'model', span: made, body: made });
}

/** Model classes that nothing in the file constructs and no other model refers to. */
function addClasses(
  evaluation: FileEvaluation,
  settings: Settings,
  known: ReadonlySet<ClassValue>,
  add: Add,
): readonly Unbuilt[] {
  const unbuilt: Unbuilt[] = [];
  for (const [cls, framework] of modelClasses(evaluation)) {
    const { definition } = cls;
    if (!definition || known.has(cls) || isReferredTo(evaluation, definition)) continue;
    const named = namedByDefinition(evaluation, definition);
    const constructed = constructModel(evaluation, cls, framework, settings?.[named.name]);
    if (constructed.kind === 'model') add(constructed.model, named, constructed);
    else if (framework.open !== evaluation.handwritten)
      unbuilt.push({ ...named, reason: constructed.reason, missing: constructed.missing });
  }
  return unbuilt;
}

export function modelClasses(evaluation: FileEvaluation): readonly (readonly [ClassValue, OpenedFramework])[] {
  return [...evaluation.scope.names.values()].flatMap((value) => {
    if (value.kind !== 'class' || value.file !== evaluation.file) return [];
    const framework = frameworkOfClass(evaluation, value);
    return framework ? [[value, framework] as const] : [];
  });
}

function frameworkOfClass({ frameworks, handwritten }: FileEvaluation, cls: ClassValue): OpenedFramework | undefined {
  const own = frameworks.find(({ open }) => open.isModelClass(cls));
  return own ?? (handwritten.isModelClass(cls) ? { id: 'numpy', open: handwritten } : undefined);
}

/** True where another class of the file names this one, as a part or as a base, or where a model is constructed of it. */
export function isReferredTo(evaluation: FileEvaluation, definition: ClassDefinition): boolean {
  const { name } = definition.name;
  return evaluation.parsed.module.body.some((statement) => {
    if (statement.kind === 'class' && statement.start === definition.start) return false;
    let isFound = false;
    walk(statement, (node) => {
      if (statement.kind === 'class' && node.kind === 'name' && node.name === name) isFound = true;
      if (node.kind === 'call' && isModelConstruction(evaluation, node) && isArgument(node, name)) isFound = true;
    });
    return isFound;
  });
}

function isModelConstruction({ scope, frameworks }: FileEvaluation, { callee }: CallExpression): boolean {
  const cls = callee.kind === 'name' ? scope.names.get(callee.name) : undefined;
  return cls?.kind === 'class' && frameworks.some(({ open }) => open.isModelClass(cls));
}

function isArgument(call: CallExpression, name: string): boolean {
  return call.arguments.some(({ value }) => value.kind === 'name' && value.name === name);
}

/** Functions that are called nowhere and return a model, where their arguments are known or may be assumed. */
function addBuilders(evaluation: FileEvaluation, settings: Settings, add: Add): void {
  for (const value of evaluation.scope.names.values()) {
    if (value.kind !== 'function' || value.file !== evaluation.file || value.definition.kind !== 'function') continue;
    if (!mayBuild(evaluation, value)) continue;
    const { definition } = value;
    const span: Span = { file: evaluation.file, start: definition.name.start, end: definition.name.end };
    const chosen = chooseArguments(evaluation, parametersOf(value), span, settings?.[definition.name.name]);
    if (chosen.missing.length > 0) continue;
    const [model] = modelsIn(evaluation, evaluation.interpreter.context([span]).call(value, [], chosen.named));
    const { given, assumed, assumptions } = chosen;
    const making: Making = { kind: 'called', builder: value, given, assumed, place: span };
    if (model) add(model, namedByDefinition(evaluation, definition), { assumptions, making });
  }
}

/** Forward passes that are functions or plain lines; what shares its weights with one before it is dropped later. */
function addHandwritten(evaluation: FileEvaluation, add: Add): void {
  const functions = findForwardFunctions(evaluation);
  for (const { model, definition, assumptions } of functions) {
    add(model, namedByDefinition(evaluation, definition), { assumptions, making: undefined });
  }
  const script = findScriptNetwork(evaluation, functions.length === 0);
  if (!script) return;
  const model = evaluation.handwritten.scriptModel(script.network, evaluation.interpreter.context([script.span]));
  add(model, { name: 'network', span: script.span, body: script.body });
}

function mayBuild({ parsed }: FileEvaluation, { definition, name }: FunctionValue): boolean {
  if (definition.kind !== 'function') return false;
  const returns = definition.body.some((statement) => statement.kind === 'return' && statement.value !== undefined);
  return returns && !isCalled(parsed, name);
}
