import type { Origin, OriginSource } from '../analysis';
import type { Module, Statement } from '../python/syntax';
import { nodesAt, walk } from '../python/syntaxSearch';
import type { FunctionValue, InstanceValue, Value } from '../python/values';
import type { Span } from '../span';
import { initialiserOf } from './constructModel';
import type { Directive } from './directive';
import type { EntryPoint } from './entryPoints';
import type { FileEvaluation } from './fileEvaluation';
import type { Applied } from './inputPolicy';
import { dataName, type ModelInput } from './modelInput';
import type { Shape } from './network';
import { valueText } from './valueText';

/** How a model came to be, where the source itself does not construct it. */
export type Making =
  /** A directive writes the call out. */
  | { readonly kind: 'directive'; readonly span: Span }
  /** We called the class or the builder ourselves. */
  | {
      readonly kind: 'called';
      /** What was called: the builder, else the model's class. */
      readonly builder: FunctionValue | undefined;
      readonly given: ReadonlyMap<string, Value>;
      readonly assumed: ReadonlyMap<string, Value>;
      readonly place: Span;
    };

/** Where each constructor argument of a model comes from; empty for models that no class or builder of the user's makes. */
export function argumentOrigins(
  evaluation: FileEvaluation,
  model: InstanceValue,
  making: Making | undefined,
): readonly Origin[] {
  const builder = making?.kind === 'called' ? making.builder : undefined;
  const callee = builder ?? initialiserOf(model.class);
  if (!callee) return making?.kind === 'called' ? chosenOrigins(making) : [];
  const parameters = callee.definition.parameters.filter(({ form }) => form === 'plain').slice(builder ? 0 : 1);
  return parameters.flatMap(({ name: identifier, default: written }, index): Origin[] => {
    const name = identifier?.name;
    if (name === undefined) return [];
    const origin = (value: Value, from: OriginSource, span: Span | undefined): Origin[] => [
      { subject: { kind: 'argument', name }, value: valueText(value), from, span },
    ];
    if (making?.kind === 'called') {
      const given = making.given.get(name);
      const assumed = making.assumed.get(name);
      if (given) return origin(given, 'user', undefined);
      if (assumed) return origin(assumed, 'assumption', making.place);
    } else {
      const passed = passedTo(model, name, index);
      if (passed) {
        const { value, span } = passed;
        if (making?.kind === 'directive') return origin(value, 'directive', making.span);
        return origin(value, sourceOf(evaluation, span), span);
      }
    }
    const value = callee.defaults.get(name);
    const place = written && { file: callee.file, start: written.start, end: written.end };
    return value ? origin(value, 'default', place) : [];
  });
}

/** The shape that the model was applied to, without the batch axis. */
export function shapeOrigin(
  applied: Applied | undefined,
  { application, span }: Pick<EntryPoint, 'application' | 'span'>,
  known: { readonly isGiven: boolean; readonly isSampled: boolean; readonly directive: Directive | undefined },
): Origin {
  const { shapes, known: said } = applied?.guess ?? { shapes: [], known: 0 };
  const value =
    shapes
      .slice(0, said || undefined)
      .map(sizesText)
      .join(', ') || '?';
  const origin = (from: OriginSource, place?: Span): Origin => ({
    subject: { kind: 'inputShape' },
    value,
    from,
    span: place,
  });
  if (known.isGiven) return origin('user');
  if (known.directive?.inputShape) return origin('directive', placeOf(known.directive, span.file));
  if (said === 0) return origin('assumption', span);
  if (known.isSampled) return origin('sample');
  const called = application?.trail.find((place) => place.file === span.file);
  return called ? origin('call', called) : origin('source');
}

export function dataOrigin(input: ModelInput, directive: Directive | undefined, file: string): Origin {
  const { isAssumed, span, given, refused } = input;
  const place = given?.from === 'directive' && directive ? placeOf(directive, file) : span;
  return {
    subject: { kind: 'inputData' },
    value: given?.name ?? dataName(input),
    from: given?.from ?? (isAssumed && !span ? 'assumption' : 'source'),
    span: place,
    ...(refused && { refused }),
  };
}

export function batchOrigin(
  size: { readonly given: number | undefined; readonly written: number | undefined; readonly assumed: number },
  directive: Directive | undefined,
  file: string,
): Origin {
  const subject = { kind: 'batchSize' } as const;
  const { given, written, assumed } = size;
  if (given !== undefined) return { subject, value: String(given), from: 'user', span: undefined };
  if (directive?.batchSize !== undefined) {
    return { subject, value: String(directive.batchSize), from: 'directive', span: placeOf(directive, file) };
  }
  const from = written === undefined ? 'assumption' : 'source';
  return { subject, value: String(written ?? assumed), from, span: undefined };
}

function placeOf({ start, end }: Directive, file: string): Span {
  return { file, start, end };
}

/** `3x32x32`, as a directive writes it. */
function sizesText(shape: Shape): string {
  if (!shape) return '?';
  return shape
    .filter((dim) => typeof dim !== 'object')
    .map((dim) => dim ?? '?')
    .join('x');
}

/** Of a class without a constructor of its own: what was put into its fields. */
function chosenOrigins({ given, assumed, place }: Extract<Making, { kind: 'called' }>): readonly Origin[] {
  const originsOf = (values: ReadonlyMap<string, Value>, from: OriginSource, span: Span | undefined): Origin[] =>
    [...values].map(([name, value]) => ({ subject: { kind: 'argument', name }, value: valueText(value), from, span }));
  return [...originsOf(given, 'user', undefined), ...originsOf(assumed, 'assumption', place)];
}

function passedTo({ construction }: InstanceValue, name: string, index: number) {
  const named = construction?.named.get(name);
  if (named) return { value: named, span: construction?.namedSpans.get(name) };
  const value = construction?.positional[index];
  return value && { value, span: construction?.positionalSpans[index] };
}

function sourceOf({ parsed, file }: FileEvaluation, span: Span | undefined): OriginSource {
  if (span?.file !== file) return 'otherFile';
  return isFromCommandLine(parsed.module, span) ? 'commandLine' : 'call';
}

/** True for `args.width` where `args` is what an argument parser gives, directly or through a function of the file. */
function isFromCommandLine(module: Module, span: Span): boolean {
  const node = nodesAt(module, span.start).find(({ start, end }) => start === span.start && end === span.end);
  if (node?.kind !== 'attribute' || node.object.kind !== 'name') return false;
  const { name } = node.object;
  const parsing = new Set(module.body.filter(callsParser).flatMap((statement) => functionName(statement) ?? []));
  let isFound = false;
  walk(module, (candidate) => {
    if (candidate.kind !== 'assign' || candidate.value.kind !== 'call') return;
    const isTarget = candidate.targets.some((target) => target.kind === 'name' && target.name === name);
    const { callee } = candidate.value;
    if (isTarget && callee.kind === 'name' && parsing.has(callee.name)) isFound = true;
    if (isTarget && callee.kind === 'attribute' && isParserMethod(callee.attribute.name)) isFound = true;
  });
  return isFound;
}

function callsParser(statement: Statement): boolean {
  let isFound = false;
  walk(statement, (node) => {
    if (node.kind === 'attribute' && isParserMethod(node.attribute.name)) isFound = true;
  });
  return isFound;
}

function isParserMethod(name: string): boolean {
  return name === 'parse_args' || name === 'parse_known_args';
}

function functionName(statement: Statement): string | undefined {
  return statement.kind === 'function' ? statement.name.name : undefined;
}
