import type { Assumption, Unknown } from '../analysis';
import type { FrameworkId, OpenFramework } from '../frameworks/framework';
import type { CallExpression, ClassDefinition, FunctionDefinition } from '../python/syntax';
import { walk } from '../python/syntaxSearch';
import type { ClassValue, FunctionValue, InstanceValue, Value } from '../python/values';
import type { Span } from '../span';
import { assumeArguments, requiredParameters } from './assumedArguments';
import { assumptionOf, constructModel } from './constructModel';
import type { FileEvaluation, OpenedFramework } from './fileEvaluation';
import type { SeenApplication } from './readingSession';
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
}

export interface FoundEntries {
  readonly entries: readonly EntryPoint[];
  /** Models that could not be constructed, with the reason. */
  readonly unknowns: readonly Unknown[];
}

type Named = Pick<EntryPoint, 'name' | 'span' | 'body'>;

/**
 * The models of a file in the order of the source: those that it applies or keeps in a name, classes that it only defines and that no
 * other model is built of, and what its builder functions return. One entry a class or builder; a part of another model is none.
 */
export function findEntryPoints(evaluation: FileEvaluation): FoundEntries {
  const found = collectEntries(evaluation, new Map());
  if (!runUncalledTraining(evaluation, found.entries)) return found;
  return collectEntries(evaluation, new Map(found.entries.map(({ model, assumptions }) => [model, assumptions])));
}

/** `constructed`: models that an earlier look made, with what it assumed for them. */
function collectEntries(
  evaluation: FileEvaluation,
  constructed: ReadonlyMap<InstanceValue, readonly Assumption[]>,
): FoundEntries {
  const applications = [...evaluation.session.applications];
  const instances = new Set<InstanceValue>([
    ...preferKnownInputs(applications).map(({ model }) => model),
    ...[...evaluation.scope.names.values()].flatMap((value) => modelsIn(evaluation, value)),
    ...constructed.keys(),
  ]);
  const parts = partsOf(evaluation, instances);
  const entries = new Map<string, EntryPoint>();
  const add = (model: InstanceValue, named: Named | undefined, assumptions: readonly Assumption[] = []) => {
    const framework = evaluation.frameworkOf(model);
    if (!framework || !named || entries.has(named.name)) return;
    const application = preferKnownInputs(applications).find((candidate) => candidate.model === model);
    entries.set(named.name, {
      ...named,
      framework: framework.id,
      open: framework.open,
      model,
      application,
      assumptions,
    });
  };
  for (const model of instances) if (!parts.has(model)) add(model, nameOf(evaluation, model), constructed.get(model));
  const known = new Set([...instances, ...parts].map((instance) => instance.class));
  const unknowns = addClasses(evaluation, known, add);
  if (entries.size === 0) addBuilders(evaluation, add);
  const inOrder = [...entries.values()].sort((a, b) => a.span.start - b.span.start);
  return {
    entries: inOrder,
    unknowns: unknowns.filter(({ span }) => !inOrder.some((entry) => entry.body.start === span.start)),
  };
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
function partsOf(evaluation: FileEvaluation, models: ReadonlySet<InstanceValue>): ReadonlySet<InstanceValue> {
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

function namedByDefinition({ file }: FileEvaluation, definition: ClassDefinition | FunctionDefinition): Named {
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
  known: ReadonlySet<ClassValue>,
  add: (model: InstanceValue, named: Named, assumptions: readonly Assumption[]) => void,
): readonly Unknown[] {
  const unknowns: Unknown[] = [];
  for (const [cls, framework] of modelClasses(evaluation)) {
    const { definition } = cls;
    if (!definition || known.has(cls) || isReferredTo(evaluation, definition)) continue;
    const constructed = constructModel(evaluation, cls, framework);
    const named = namedByDefinition(evaluation, definition);
    if (constructed.kind === 'model') add(constructed.model, named, constructed.assumptions);
    else unknowns.push({ reason: constructed.reason, span: named.body });
  }
  return unknowns;
}

function modelClasses(evaluation: FileEvaluation): readonly (readonly [ClassValue, OpenedFramework])[] {
  return [...evaluation.scope.names.values()].flatMap((value) => {
    if (value.kind !== 'class' || value.file !== evaluation.file) return [];
    const framework = evaluation.frameworks.find(({ open }) => open.isModelClass(value));
    return framework ? [[value, framework] as const] : [];
  });
}

/** True where another class of the file names this one, as a part or as a base, or where a model is constructed of it. */
function isReferredTo(evaluation: FileEvaluation, definition: ClassDefinition): boolean {
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
function addBuilders(
  evaluation: FileEvaluation,
  add: (model: InstanceValue, named: Named, assumptions: readonly Assumption[]) => void,
): void {
  for (const value of evaluation.scope.names.values()) {
    if (value.kind !== 'function' || value.file !== evaluation.file || value.definition.kind !== 'function') continue;
    if (!mayBuild(evaluation, value)) continue;
    const { definition } = value;
    const span: Span = { file: evaluation.file, start: definition.name.start, end: definition.name.end };
    const { assumed, missing } = assumeArguments(requiredParameters(value));
    if (missing.length > 0) continue;
    const named = new Map(assumed.map((argument) => [argument.name, argument.value]));
    const [model] = modelsIn(evaluation, evaluation.interpreter.context([span]).call(value, [], named));
    const assumptions = assumed.map((argument) => assumptionOf(argument, span));
    if (model) add(model, namedByDefinition(evaluation, definition), assumptions);
  }
}

function mayBuild({ parsed }: FileEvaluation, { definition, name }: FunctionValue): boolean {
  if (definition.kind !== 'function') return false;
  const returns = definition.body.some((statement) => statement.kind === 'return' && statement.value !== undefined);
  return returns && !isCalled(parsed, name);
}
