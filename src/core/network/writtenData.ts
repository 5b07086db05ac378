import { compileExpression } from '../activations/evaluate';
import { type DatasetContent, datasetContent } from '../frameworks/datasets';
import type { CallExpression, Expression } from '../python/syntax';
import { walk } from '../python/syntaxSearch';
import type { Value } from '../python/values';
import type { InputPreset, InputStatistics, ScaledPreset } from '../signal/inputStatistics';
import type { Span } from '../span';
import type { FileEvaluation } from './fileEvaluation';
import type { Network, Operation, Shape } from './network';
import { unscaledLoads } from './unscaledData';

/** What a file's data pipeline says of the numbers that reach its models. */
export interface WrittenData {
  readonly statistics: InputStatistics;
  /** The call or the division that says it. */
  readonly span?: Span;
  /** False where the data set is named but nothing tells its scale. */
  readonly isScaled: boolean;
}

/** x ↦ (x − shift) / scale of pixels in [0, 1]. */
interface Scaling {
  readonly shift: number;
  readonly scale: number;
  /** Written for pixels in 0 … 255. */
  readonly takesPixels?: boolean;
}

interface Evidence<T> {
  readonly value: T;
  readonly span: Span;
}

const whitePixel = 255;
/** Pixels are divided by 127.5 or more. */
const leastDivisor = 127;
const unit: Scaling = { shift: 0, scale: 1 };
const unitOfPixels: Scaling = { ...unit, takesPixels: true };
const signedOfPixels: Scaling = { shift: 0.5, scale: 0.5, takesPixels: true };
const raw: Scaling = { shift: 0, scale: 1 / whitePixel };
/** Mean and standard deviation of ImageNet's channels, averaged: torchvision 0.28 `transforms/_presets.py`. */
const imagenet: Scaling = { shift: (0.485 + 0.456 + 0.406) / 3, scale: (0.229 + 0.224 + 0.225) / 3 };

/** Calls after which pixels lie in [0, 1]: torchvision, timm, PIL and Keras helpers. */
const toUnit: ReadonlySet<string> = new Set(['ToTensor', 'to_tensor', 'pil_to_tensor', 'ConvertImageDtype']);
/** Calls whose first text argument names a data set. */
const loaders: ReadonlySet<string> = new Set(['load', 'load_dataset', 'fetch_openml', 'builder']);
const standardisers: ReadonlySet<string> = new Set(['StandardScaler', 'Normalization']);

/** What a file says of its data, in the order of its lines. */
export interface DataEvidence {
  readonly contents: Evidence<DatasetContent>[];
  readonly scalings: Evidence<Scaling>[];
  readonly standardised: Evidence<true>[];
}

/**
 * Which distribution feeds a model with this input shape (without the batch axis), told from data sets by name, transforms and divisions by
 * 255. What the model itself scales comes in unscaled. Undefined where nothing is said, or where
 * two places say different things.
 */
export function writtenData(
  { contents, scalings, standardised }: DataEvidence,
  sizes: Shape,
  network: Network,
): WrittenData | undefined {
  if (!isPicture(sizes)) {
    const [standard] = standardised;
    return standard && sizes?.length === 1 ? { statistics: 'table', span: standard.span, isScaled: true } : undefined;
  }
  const isInModel = ({ start, end }: Span) =>
    network.nodes.some(({ provenance: { made } }) => made.start <= start && made.end >= end);
  const content = agreed(contents.filter(({ value }) => value === 'strokes' || value === 'photographs'));
  const inModel = scalings.find(({ span }) => isInModel(span)) ?? pixelScaling(network);
  const scaling = lastAgreed(scalings.filter(({ span }) => !isInModel(span)));
  if (content === 'contradictory' || scaling === 'contradictory') return undefined;
  const isRaw = inModel?.value.takesPixels === true && !scaling;
  const span = scaling?.span ?? inModel?.span ?? content?.span;
  if (!span) return undefined;
  return {
    statistics: pictures(content?.value, isRaw ? raw : (scaling?.value ?? unit)),
    span,
    isScaled: scaling !== undefined || inModel !== undefined,
  };
}

/** A division of the model's input by about a pixel's range, wherever it is written: also in the source of a package that the model is made of. */
function pixelScaling({ nodes, inputs }: Network): Evidence<Scaling> | undefined {
  for (const { operation, inputs: from, provenance } of nodes) {
    const slope = from.length === 1 && inputs.includes(from[0] ?? -1) ? slopeOf(operation) : undefined;
    if (slope === undefined || slope > 1 / leastDivisor || slope < 1 / whitePixel - 1e-6) continue;
    return { value: unitOfPixels, span: provenance.made };
  }
  return undefined;
}

/** Of a scaling, with or without a shift. */
function slopeOf(operation: Operation): number | undefined {
  if (operation.kind === 'sum') return operation.coefficients[0];
  if (operation.kind !== 'activation') return undefined;
  const value = compileExpression(operation.activation.expression);
  const slope = value(1) - value(0);
  return Math.abs(value(whitePixel) - value(0) - whitePixel * slope) < 1e-6 * whitePixel ? slope : undefined;
}

export function gatherDataEvidence(evaluation: FileEvaluation): DataEvidence {
  const { parsed, file } = evaluation;
  const gathered: DataEvidence = { contents: [], scalings: [], standardised: [] };
  walk(parsed.module, (node) => {
    const span: Span = { file, start: node.start, end: node.end };
    if (node.kind === 'binary') {
      const scaling = scalingOfDivision(node);
      if (scaling) gathered.scalings.push({ value: scaling, span });
    }
    if (node.kind === 'augmented' && node.operator === '/' && isWhitePixel(node.value)) {
      gathered.scalings.push({ value: unitOfPixels, span });
    }
    if (node.kind !== 'call') return;
    const name = lastName(node.callee);
    for (const spoken of spokenNames(node, name)) {
      const content = datasetContent(spoken);
      if (content) gathered.contents.push({ value: content, span });
    }
    if (name === undefined) return;
    if (toUnit.has(name)) gathered.scalings.push({ value: unit, span });
    if (name === 'Normalize' || name === 'Rescaling') {
      const scaling =
        name === 'Normalize' ? scalingOfNormalize(evaluation, node) : scalingOfRescaling(evaluation, node);
      if (scaling) gathered.scalings.push({ value: scaling, span });
    }
    if (standardisers.has(name)) gathered.standardised.push({ value: true, span });
  });
  for (const { statement } of unscaledLoads(parsed.module)) {
    const { start, end } = statement.value;
    gathered.scalings.push({ value: raw, span: { file, start, end } });
  }
  return gathered;
}

/** The callee's own name; of `cifar10.load_data()` the module's; of `tfds.load('mnist')` the text's. */
function* spokenNames({ callee, arguments: given }: CallExpression, name: string | undefined): Iterable<string> {
  if (name === undefined) return;
  yield name;
  if (name === 'load_data' && callee.kind === 'attribute') {
    const owner = lastName(callee.object);
    if (owner !== undefined) yield owner;
  }
  const first = given[0]?.value;
  if (loaders.has(name) && first?.kind === 'string') yield first.value;
  if (name.startsWith('fetch_')) yield name.slice('fetch_'.length);
}

function lastName(expression: Expression): string | undefined {
  if (expression.kind === 'name') return expression.name;
  return expression.kind === 'attribute' ? expression.attribute.name : undefined;
}

function isWhitePixel(divisor: Expression): boolean {
  return divisor.kind === 'number' && divisor.value === whitePixel;
}

/** `x / 255` and `x / 127.5 - 1`. */
function scalingOfDivision(node: Extract<Expression, { readonly kind: 'binary' }>): Scaling | undefined {
  const { operator, left, right } = node;
  if (right.kind !== 'number') return undefined;
  if (operator === '/' && isWhitePixel(right)) return unitOfPixels;
  const isSigned = operator === '-' && right.value === 1 && left.kind === 'binary' && left.operator === '/';
  return isSigned && left.right.kind === 'number' && left.right.value === whitePixel / 2 ? signedOfPixels : undefined;
}

/** `Normalize(mean, std)` of numbers or of lists with one number a channel; albumentations' own defaults are ImageNet's. */
function scalingOfNormalize(evaluation: FileEvaluation, call: CallExpression): Scaling | undefined {
  const mean = argumentOf(evaluation, call, 0, 'mean');
  const std = argumentOf(evaluation, call, 1, 'std');
  if (!mean && !std) return imagenet;
  const shift = mean && averageOf(mean);
  const scale = std && averageOf(std);
  return shift === undefined || scale === undefined || scale === 0 ? undefined : { shift, scale };
}

/** Keras `Rescaling(scale, offset)` of pixels in 0 … 255. */
function scalingOfRescaling(evaluation: FileEvaluation, call: CallExpression): Scaling | undefined {
  const factor = argumentOf(evaluation, call, 0, 'scale');
  const offset = argumentOf(evaluation, call, 1, 'offset');
  const scale = factor && averageOf(factor);
  const shift = offset ? averageOf(offset) : 0;
  if (scale === undefined || shift === undefined || scale === 0) return undefined;
  return { shift: -shift / (scale * whitePixel), scale: 1 / (scale * whitePixel), takesPixels: true };
}

function argumentOf(
  { interpreter, scope, file }: FileEvaluation,
  call: CallExpression,
  position: number,
  name: string,
): Value | undefined {
  const named = call.arguments.find((argument) => argument.name?.name === name);
  const positional = call.arguments.filter((argument) => !argument.name && argument.star === '')[position];
  const argument = named ?? positional;
  return argument && interpreter.evaluateExpression(argument.value, scope, file);
}

function averageOf(value: Value): number | undefined {
  if (value.kind === 'int' || value.kind === 'float') return value.value;
  if (value.kind !== 'list' && value.kind !== 'tuple') return undefined;
  const numbers = value.items.map(averageOf);
  if (numbers.length === 0) return undefined;
  let sum = 0;
  for (const number of numbers) {
    if (number === undefined) return undefined;
    sum += number;
  }
  return sum / numbers.length;
}

function agreed<T>(evidence: readonly Evidence<T>[]): Evidence<T> | 'contradictory' | undefined {
  const [first] = evidence;
  return evidence.some(({ value }) => value !== first?.value) ? 'contradictory' : first;
}

/** Scaling to [0, 1] comes before a normalisation; two different normalisations leave open which one holds. */
function lastAgreed(evidence: readonly Evidence<Scaling>[]): Evidence<Scaling> | 'contradictory' | undefined {
  const normalised = evidence.filter(({ value }) => !isNear(value, unit));
  const [first] = normalised;
  if (!first) return evidence[0];
  const isSame = normalised.every(({ value }) => isNear(value, first.value));
  return isSame ? first : 'contradictory';
}

function isNear(a: Scaling, b: Scaling): boolean {
  return Math.abs(a.shift - b.shift) < 1e-3 && Math.abs(a.scale - b.scale) < 1e-3;
}

function pictures(content: DatasetContent | undefined, scaling: Scaling): InputPreset | ScaledPreset {
  const preset = content === 'strokes' ? 'mnist' : 'image-unit';
  if (isNear(scaling, unit)) return preset;
  if (preset === 'image-unit' && isNear(scaling, imagenet)) return 'image-normalised';
  return { kind: 'scaled', preset, shift: scaling.shift, scale: scaling.scale };
}

/** Channels first or last, or flattened: 1 or 3 channels of a square of at least 16 pixels a side. */
function isPicture(sizes: Shape): boolean {
  if (!sizes || sizes.some((size) => typeof size !== 'number')) return false;
  const numbers = sizes as readonly number[];
  const pixels = numbers.reduce((product, size) => product * size, 1);
  return [1, 3].some((channels) => {
    const side = Math.sqrt(pixels / channels);
    const isFlat = numbers.length === 1 && Number.isInteger(side);
    const isPlane = numbers.length === 2 && channels === 1;
    const isChanneled = numbers.length === 3 && (numbers[0] === channels || numbers[2] === channels);
    return side >= 16 && (isFlat || isPlane || isChanneled);
  });
}
