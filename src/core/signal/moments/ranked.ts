import type { Expression } from '../../activations/expression';
import type { NetworkNode, Operation } from '../../network/network';
import { affineOf } from './binArithmetic';
import { centredCorrelation } from './correlations';
import { consumed, type Field, movedGradient, type Pair, pooledSegment, type Ranked, seedVariance } from './field';
import { extentOf, resized } from './layout';
import { rankOfNormals, topOfNormals } from './orderStatistics';
import { nodesOf } from './origins';
import type { Call, Step } from './rule';

type Ranking = Extract<Operation, { kind: 'ranking' }>;

/** Whether the places are those of the elements' own order. */
export function isRankedSelf({ node, inputNodes }: Call, axis: number): boolean {
  const order = inputNodes[1];
  return order?.operation.kind === 'ranking' && order.operation.axis === axis && order.inputs[0] === node.inputs[0];
}

/** The largest units, or smallest: order statistics of independent normals of one variance. */
export function rankedStep(call: Call, axis: number): Step | undefined {
  const [raw] = call.inputs;
  const { count, largest } = (call.inputNodes[1] as NetworkNode).operation as Ranking;
  const ranked = raw && rankedOf(raw, axis, count);
  const layout = ranked && resized(raw.layout, axis, ranked.count);
  if (!layout) return undefined;
  const share = ranked.count / unitsOf(ranked.source, axis);
  const back = chances(ranked, axis, share);
  return {
    output: { ...topField(ranked, axis, largest), layout, ranked },
    backward: (gradient) => ({
      inputs: [
        movedGradient(gradient, raw, ({ within, across }) => ({
          within: affineOf(within, share),
          across: across.map((value, at) => value * share * (back[at] as number)),
        })),
        undefined,
      ],
    }),
  };
}

/** Undefined where the values are not normal: shares of a softmax, activations. */
function rankedOf(raw: Field, axis: number, wanted: number): Ranked | undefined {
  const extent = extentOf(raw.layout, axis);
  if (raw.layout.axes[axis]?.[0]?.kind !== 'units' || !extent || raw.madeBy || raw.logits) return undefined;
  return { source: consumed(raw), count: Math.min(wanted, extent) };
}

function unitsOf(source: Field, axis: number): number {
  return extentOf(source.layout, axis) ?? 1;
}

/** Moments of those that are chosen, in the layout of all. To first order in the correlation ρ a rank follows all units alike: cov(ρ) ≥ ρ/n. */
function topField({ source, count }: Ranked, axis: number, largest: boolean): Field {
  const segment = pooledSegment(source);
  const extent = unitsOf(source, axis);
  const variance = Math.max(0, (segment.within[0] as number) - segment.mean ** 2);
  const std = Math.sqrt(variance) * (largest ? 1 : -1);
  const top = topOfNormals(extent, count);
  const spread = Math.max(0, top.square - top.meanSquared);
  const first = Math.min(spread, 1 / extent);
  const product = (value: number) => {
    const rho = centredCorrelation(value, segment.mean, variance);
    const own = top.meanSquared + first * rho + (spread - first) * rho * rho;
    return segment.mean ** 2 + 2 * segment.mean * std * top.mean + variance * own;
  };
  const chosen = { ...segment, channels: count, mean: segment.mean + std * top.mean };
  return {
    ...source,
    segments: [{ ...chosen, within: segment.within.map(product), across: segment.across.map(product) }],
    inherited: seedVariance(source),
    fresh: 0,
    madeBy: undefined,
    logits: undefined,
    steps: undefined,
  };
}

/** Chance that what is chosen in one sample is in the other: P(z > t, z′ > t)/P(z > t), to second order in the correlation and exact at one. */
function chances({ source, count }: Ranked, axis: number, share: number): Float64Array {
  const segment = pooledSegment(source);
  const extent = unitsOf(source, axis);
  const variance = Math.max(0, (segment.within[0] as number) - segment.mean ** 2);
  const threshold = count < extent ? rankOfNormals(extent, count).mean : -9;
  const density = Math.exp(-(threshold ** 2) / 2) / Math.sqrt(2 * Math.PI);
  const first = share < 1 ? Math.min(1, density ** 2 / (share * (1 - share))) : 1;
  return segment.across.map((value) => {
    const rho = centredCorrelation(value, segment.mean, variance);
    return share + (1 - share) * (first * rho + (1 - first) * rho * rho);
  });
}

/** The chosen ones put back to their places with the others at −∞, of which a softmax makes nothing. */
export function scatterStep(call: Call, axis: number): Step | undefined {
  const [base, , order] = call.inputNodes;
  const values = call.inputs[1];
  const ranked = values?.ranked;
  const isOwn = order?.operation.kind === 'ranking' && order.id === call.inputNodes[1]?.inputs[1];
  if (!ranked || !isOwn || base?.operation.kind !== 'constant' || !isNothing(base.operation.value)) return undefined;
  const { layout } = ranked.source;
  const share = ranked.count / unitsOf(ranked.source, axis);
  const back = chances(ranked, axis, share);
  return {
    output: { ...values, layout, ranked: undefined, open: ranked },
    backward: (gradient) => ({
      inputs: [
        undefined,
        movedGradient(gradient, values, ({ within, across }: Pair) => ({
          within: affineOf(within, 1 / share),
          across: across.map((value, at) => value / (share * (back[at] as number))),
        })),
        undefined,
      ],
    }),
  };
}

/** `where(x < the last that is chosen, −∞, x)`. */
export function maskedStep(call: Call, expression: Expression): Step | undefined {
  if (expression.kind !== 'apply' || expression.primitive !== 'where') return undefined;
  const [condition, chosen, other] = expression.operands;
  if (condition?.kind !== 'input' || chosen?.kind !== 'number' || other?.kind !== 'input') return undefined;
  const raw = call.inputs[other.index];
  const mask = call.inputNodes[condition.index];
  if (!raw || !isNothing(chosen.value)) return undefined;
  const order = mask && orderOf(mask, call.node.inputs[other.index], call);
  const ranked = order && rankedOf(raw, order.axis, order.count);
  if (!ranked) return undefined;
  return {
    output: { ...topField(ranked, order.axis, order.largest), open: ranked },
    backward: (gradient) => ({
      inputs: call.inputs.map((_, at) =>
        at === other.index ? movedGradient(gradient, raw, (pair) => pair) : undefined,
      ),
    }),
  };
}

/** The ranking whose last element the values are compared with. */
function orderOf(mask: NetworkNode, values: number | undefined, { network }: Call): Ranking | undefined {
  const { operation } = mask;
  if (operation.kind !== 'elementwise' || operation.expression.kind !== 'apply') return undefined;
  const { primitive, operands } = operation.expression;
  const [left, right] = operands.map((operand) => (operand.kind === 'input' ? mask.inputs[operand.index] : undefined));
  const nodes = nodesOf(network);
  const threshold = right === undefined ? undefined : nodes.get(right);
  const gathered = threshold?.operation.kind === 'slice' ? nodes.get(threshold.inputs[0] ?? -1) : threshold;
  const order = gathered?.operation.kind === 'gather' ? nodes.get(gathered.inputs[1] ?? -1) : undefined;
  if (left !== values || gathered?.inputs[0] !== values || order?.operation.kind !== 'ranking') return undefined;
  const { axis, count, largest } = order.operation;
  const slice = threshold?.operation;
  const isLast = slice?.kind === 'slice' ? slice.axis === axis && slice.from === count - 1 : count === 1;
  return isLast && order.inputs[0] === values && primitive === (largest ? 'less' : 'greater')
    ? order.operation
    : undefined;
}

/** So far below any logit that its share is zero in float32, whose smallest number is e^−104. */
function isNothing(value: number | undefined): boolean {
  return value !== undefined && value <= -1e4;
}

/** Whether an input holds elements at −∞, of which only a softmax makes something. */
export function meetsNothing({ inputs, node }: Call): boolean {
  return node.operation.kind !== 'softmax' && inputs.some((input) => input?.open);
}

/** What only the operation that chose says of its own output. */
export function ranksKept(field: Field, { operation }: NetworkNode): Field {
  if (!field.ranked && !field.open) return field;
  const isChoice = operation.kind === 'gather' || operation.kind === 'scatter' || operation.kind === 'elementwise';
  return isChoice ? field : { ...field, ranked: undefined, open: undefined };
}
