import type { NetworkNode, Parameter } from '../../network/network';
import type { CallExpression } from '../../python/syntax';
import type { Span } from '../../span';
import type { TextEdit } from '../finding';
import type { FixRequest } from './fixCandidate';
import {
  calleeName,
  classAt,
  expressionAt,
  indentationAt,
  methodOf,
  moduleAlias,
  namedArgument,
  newlineOf,
  replace,
  type SourceText,
  textOf,
} from './sourceText';

export type InitialiserChoice = 'he' | 'xavier' | 'orthogonal';

const torchCalls: Readonly<Record<InitialiserChoice, (weight: string) => string>> = {
  he: (weight) => `kaiming_normal_(${weight}, nonlinearity="relu")`,
  xavier: (weight) => `xavier_normal_(${weight})`,
  orthogonal: (weight) => `orthogonal_(${weight})`,
};

const kerasNames: Readonly<Record<InitialiserChoice, string>> = {
  he: 'he_normal',
  xavier: 'glorot_normal',
  orthogonal: 'orthogonal',
};

/** Edits that give the layers' weights this initialiser; undefined where the source offers no safe place. */
export function setInitialiser(
  request: FixRequest,
  layers: readonly NetworkNode[],
  choice: InitialiserChoice,
): readonly TextEdit[] | undefined {
  if (request.model.framework === 'torch') return setTorchInitialiser(request, layers, choice);
  if (request.model.framework === 'keras') return setKerasInitialiser(request, layers, choice);
  return undefined;
}

function setTorchInitialiser(
  request: FixRequest,
  layers: readonly NetworkNode[],
  choice: InitialiserChoice,
): readonly TextEdit[] | undefined {
  const written = distinctSpans(layers.flatMap((layer) => weightSpans(request, layer)));
  if (written.length === 0) return appendToConstructor(request, layers, choice);
  const edits: TextEdit[] = [];
  for (const span of written) {
    const place = expressionAt(request.sources, span);
    if (place?.expression.kind !== 'call') return undefined;
    const { source } = place;
    const init = moduleAlias(source, 'torch.nn.init');
    const weight = initialisedTensor(source, place.expression);
    if (weight === undefined || init === undefined) return undefined;
    edits.push(replace(source, place.expression, `${init}.${torchCalls[choice](weight)}`));
  }
  return edits;
}

/** The tensor that an initialising call fills: the first argument of `init.normal_(w)`, the object of `w.data.normal_()`. */
function initialisedTensor(source: SourceText, call: CallExpression): string | undefined {
  const { callee } = call;
  if (callee.kind === 'attribute' && callee.object.kind === 'attribute') {
    if (callee.object.attribute.name === 'data') return textOf(source, callee.object.object);
    if (callee.object.attribute.name === 'weight') return textOf(source, callee.object);
  }
  const first = call.arguments[0];
  if (first?.star !== '') return undefined;
  const tensor = textOf(source, first.value);
  return tensor.endsWith('.data') ? tensor.slice(0, -'.data'.length) : tensor;
}

/** A loop over `self.modules()` at the end of the model's `__init__`. */
function appendToConstructor(
  request: FixRequest,
  layers: readonly NetworkNode[],
  choice: InitialiserChoice,
): readonly TextEdit[] | undefined {
  const place = request.model.definition ?? request.model.body;
  const source = request.sources.get(place.file);
  if (!source) return undefined;
  const init = moduleAlias(source, 'torch.nn.init');
  const definition = classAt(source, place);
  const initMethod = definition && methodOf(definition, '__init__');
  const last = initMethod?.body.at(-1);
  const nn = moduleAlias(source, 'torch.nn');
  const self = initMethod?.parameters[0]?.name?.name;
  if (!initMethod || !last || init === undefined || nn === undefined || self === undefined) return undefined;
  const kinds = [...new Set(layers.flatMap((layer) => torchClassOf(layer) ?? []))].map((kind) => `${nn}.${kind}`);
  if (kinds.length === 0) return undefined;
  const newline = newlineOf(source.text);
  const indentation = indentationAt(source.text, initMethod.body[0]?.start ?? last.start);
  const step = indentation.includes('\t') ? '\t' : '    ';
  const tested = kinds.length === 1 ? kinds[0] : `(${kinds.join(', ')})`;
  const lines = [
    `for module in ${self}.modules():`,
    `${step}if isinstance(module, ${tested}):`,
    `${step}${step}${init}.${torchCalls[choice]('module.weight')}`,
    `${step}${step}if module.bias is not None:`,
    `${step}${step}${step}${init}.zeros_(module.bias)`,
  ];
  const text = lines.map((line) => `${newline}${indentation}${line}`).join('');
  return [replace(source, { start: last.end, end: last.end }, text)];
}

function torchClassOf({ operation }: NetworkNode): string | undefined {
  if (operation.kind === 'linear') return 'Linear';
  if (operation.kind !== 'convolution') return undefined;
  return `Conv${operation.transposed ? 'Transpose' : ''}${operation.rank}d`;
}

function setKerasInitialiser(
  request: FixRequest,
  layers: readonly NetworkNode[],
  choice: InitialiserChoice,
): readonly TextEdit[] | undefined {
  const edits: TextEdit[] = [];
  for (const span of distinctSpans(layers.map((layer) => layer.provenance.made))) {
    const place = expressionAt(request.sources, span);
    if (!place) return undefined;
    const { expression: call, source } = place;
    if (call.kind !== 'call' || calleeName(call) === undefined) return undefined;
    const given = namedArgument(call, 'kernel_initializer');
    const value = `"${kerasNames[choice]}"`;
    const lastArgument = call.arguments.at(-1);
    if (given) edits.push(replace(source, given.value, value));
    else if (lastArgument) {
      edits.push(replace(source, { start: lastArgument.end, end: lastArgument.end }, `, kernel_initializer=${value}`));
    } else return undefined;
  }
  return edits.length > 0 ? edits : undefined;
}

function weightSpans({ model }: FixRequest, layer: NetworkNode): readonly Span[] {
  return weightsOf(model.network.parameters, layer).flatMap(({ initialiser }) => initialiser.span ?? []);
}

function weightsOf(parameters: readonly Parameter[], layer: NetworkNode): readonly Parameter[] {
  const used = new Set(layer.parameters.map((use) => use.parameter));
  return parameters.filter((parameter) => used.has(parameter.id) && parameter.shape.length >= 2);
}

function distinctSpans(spans: readonly Span[]): readonly Span[] {
  return [...new Map(spans.map((span) => [`${span.file}:${span.start}:${span.end}`, span])).values()];
}
