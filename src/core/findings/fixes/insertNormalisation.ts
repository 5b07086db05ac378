import type { NetworkNode } from '../../network/network';
import { dimSize } from '../../network/tracer';
import type { Argument, CallExpression, Expression } from '../../python/syntax';
import type { TextEdit } from '../finding';
import type { FixRequest } from './fixCandidate';
import {
  calleeName,
  calleePrefix,
  expressionAt,
  importBeside,
  moduleAlias,
  namedArgument,
  replace,
  type Sources,
  type SourceText,
  type TreePlace,
  textOf,
} from './sourceText';

/** Edits that put a normalisation before each activation; undefined where one of them offers no safe place. */
export function insertNormalisation(
  request: FixRequest,
  activations: readonly NetworkNode[],
): readonly TextEdit[] | undefined {
  const placeOf = ({ provenance }: NetworkNode) => `${provenance.made.file}:${provenance.made.start}`;
  const edits = new Map<string, readonly TextEdit[]>();
  for (const node of activations) {
    const place = placeOf(node);
    if (edits.has(place)) continue;
    const sameSource = activations.filter((other) => placeOf(other) === place);
    const edit =
      request.model.framework === 'keras' ? insertKeras(request.sources, node) : insertTorch(request, node, sameSource);
    if (!edit) return undefined;
    edits.set(place, edit);
  }
  const all = [...edits.values()].flat();
  const distinct = new Map(
    all.map((edit) => [`${edit.span.file}:${edit.span.start}:${edit.span.end}:${edit.newText}`, edit]),
  );
  return distinct.size > 0 ? [...distinct.values()] : undefined;
}

function insertTorch(
  { sources, model }: FixRequest,
  node: NetworkNode,
  sameSource: readonly NetworkNode[],
): readonly TextEdit[] | undefined {
  const place = expressionAt(sources, node.provenance.made);
  if (place?.expression.kind !== 'call') return undefined;
  const { source } = place;
  const nn = moduleAlias(source, 'torch.nn');
  if (nn === undefined) return undefined;
  const layerName = calleeName(place.expression)?.name;
  if (layerName === undefined || !/^[A-Z]/.test(layerName)) return undefined;
  const sizes = new Set(sameSource.map((other) => channelsOf(other, model.network.batchSize)));
  const [channels] = sizes;
  if (sizes.size !== 1 || channels === undefined) return undefined;
  const rank = (node.outputShape?.length ?? 2) - 2;
  const before = previousSibling(place);
  if (before !== undefined) {
    if (rank > 3) return undefined;
    const norm = `${nn}.BatchNorm${Math.max(rank, 1)}d(${outFeaturesText(source, before) ?? channels})`;
    return [replace(source, { start: place.expression.start, end: place.expression.start }, `${norm}, `)];
  }
  if (rank !== 0 || isArgumentOfCall(place)) return undefined;
  return [
    replace(
      source,
      place.expression,
      `${nn}.Sequential(${nn}.LayerNorm(${channels}), ${textOf(source, place.expression)})`,
    ),
  ];
}

function channelsOf(node: NetworkNode, batchSize: number): number | undefined {
  const shape = node.outputShape;
  return shape && dimSize(shape.length > 2 ? shape[1] : shape.at(-1), batchSize);
}

/** The element before this one in the same list or argument list. */
function previousSibling({ expression, around }: TreePlace): Expression | undefined {
  const siblings = siblingsOf(around, expression);
  return siblings?.[siblings.indexOf(expression) - 1];
}

function isArgumentOfCall({ around }: TreePlace): boolean {
  return around.some((node) => node.kind === 'call');
}

function siblingsOf(around: TreePlace['around'], expression: Expression): readonly Expression[] | undefined {
  for (const node of around.slice(0, 2)) {
    if (node.kind === 'list' || node.kind === 'tuple') {
      if (node.items.includes(expression)) return node.items;
    }
    if (node.kind === 'call') {
      const isSequential = calleeName(node)?.name === 'Sequential';
      const values = node.arguments.map((argument) => argument.value);
      if (isSequential && values.includes(expression)) return values;
    }
  }
  return undefined;
}

/** The source's own words for the number of features that the layer before puts out. */
function outFeaturesText(source: SourceText, layer: Expression): string | undefined {
  if (layer.kind !== 'call' || !/^(Linear|Conv[123]d)$/.test(calleeName(layer)?.name ?? '')) return undefined;
  const given = layer.arguments.filter((argument) => argument.name === undefined && argument.star === '');
  const named = namedArgument(layer, 'out_features') ?? namedArgument(layer, 'out_channels');
  const out = named ?? given[1];
  return out && textOf(source, out.value);
}

/** `Dense(n, activation="sigmoid")` in a list becomes three elements; a separate activation layer gets one before it. */
function insertKeras(sources: Sources, node: NetworkNode): readonly TextEdit[] | undefined {
  const place = expressionAt(sources, node.provenance.made);
  if (!place) return undefined;
  const { source } = place;
  const dense = place.around.find(
    (around): around is CallExpression =>
      around.kind === 'call' && around.arguments.some((argument) => argument.value === place.expression),
  );
  const argument = dense?.arguments.find(
    ({ value, name }) => value === place.expression && name?.name === 'activation',
  );
  if (dense && argument) return splitActivation(source, place, dense, argument);
  if (place.expression.kind !== 'call' || previousSibling(place) === undefined) return undefined;
  const norm = nameBeside(source, place.expression, 'BatchNormalization');
  return (
    norm && [
      replace(source, { start: place.expression.start, end: place.expression.start }, `${norm.text}(), `),
      ...norm.imports,
    ]
  );
}

function splitActivation(
  source: SourceText,
  place: TreePlace,
  dense: CallExpression,
  argument: Argument,
): readonly TextEdit[] | undefined {
  const outer = place.around.slice(place.around.indexOf(dense) + 1);
  if (!siblingsOf(outer, dense)) return undefined;
  const norm = nameBeside(source, dense, 'BatchNormalization');
  const activation = nameBeside(source, dense, 'Activation');
  const index = dense.arguments.indexOf(argument);
  const before = dense.arguments[index - 1];
  if (!norm || !activation || !before) return undefined;
  return [
    replace(source, { start: before.end, end: argument.end }, ''),
    replace(
      source,
      { start: dense.end, end: dense.end },
      `, ${norm.text}(), ${activation.text}(${textOf(source, argument.value)})`,
    ),
    ...norm.imports,
    ...activation.imports,
  ];
}

/** Another name of the module that this call's layer comes from. */
function nameBeside(source: SourceText, call: CallExpression, name: string) {
  const prefix = calleePrefix(source, call);
  if (prefix !== '') return { text: `${prefix}${name}`, imports: [] };
  const known = calleeName(call)?.name;
  const imports = known === undefined ? undefined : importBeside(source, known, name);
  return imports && { text: name, imports };
}
