import { dropoutScale, meanDropoutFactor } from '../dropout';
import { partsAsUnits } from './axisRoles';
import { affineOf } from './binArithmetic';
import { type Field, movedGradient, pooledSegment, type Segment } from './field';
import { type Atom, binCount, binsOf, type Layout, layoutOf, positionCount } from './layout';
import { after, mergedAxes, putBack, type Regrouped, splitPosition } from './regroup';
import { dividedAnew, permutedLayout } from './reshape';
import type { Call, Step } from './rule';

/** The same elements in other axes. */
export function relabelledStep(input: Field, layout: Layout | undefined): Step | undefined {
  if (!layout) return undefined;
  const { madeBy } = input;
  const isAlike = madeBy?.input.layout.extents === layout.extents;
  return {
    output: { ...input, layout, madeBy: isAlike ? { ...madeBy, input: { ...madeBy.input, layout } } : undefined },
    backward: (gradient) => {
      const { beforeActivation } = gradient;
      const before = beforeActivation && { ...beforeActivation, layout: input.layout };
      return { inputs: [{ ...gradient, layout: input.layout, beforeActivation: before }] };
    },
  };
}

export function identityStep(input: Field, stopsGradient: boolean): Step | undefined {
  const step = relabelledStep(input, input.layout);
  return step && stopsGradient ? { ...step, backward: () => ({ inputs: [undefined] }) } : step;
}

export function reshapeStep(call: Call): Step | undefined {
  const input = call.inputs[0];
  if (!input) return undefined;
  const { outputShape } = call.node;
  let cut: Regrouped | undefined;
  for (;;) {
    const field = cut?.field ?? input;
    const answer = dividedAnew(field.layout, outputShape, call.batch);
    if (!answer) {
      // Cut otherwise than it is: made whole first.
      const whole = cut ? undefined : mergedAxes(field);
      if (!whole) return rowsCutAnewStep(call, input);
      cut = whole;
      continue;
    }
    if ('axes' in answer) {
      const spread = unitsAsPositions(answer, channelAxisAfter(call));
      const step = spread
        ? spreadStep(field, spread, spread.extents.length - answer.extents.length)
        : relabelledStep(field, answer);
      const joined = step && call.inputNodes[0]?.operation.kind === 'stack' ? withPartsJoined(step) : step;
      return joined && cut ? putBack(joined, () => cut) : joined;
    }
    const split = splitPosition(field, answer.index, answer.inner);
    if (!split) return undefined;
    cut = after(cut, split);
  }
}

function withPartsJoined(step: Step): Step {
  const axis = step.output.layout.axes.findIndex((atoms) => new Set(atoms.map(({ kind }) => kind)).size > 1);
  const joined = axis < 0 ? undefined : partsAsUnits(step.output, axis);
  return joined
    ? { ...step, output: joined.field, backward: (gradient) => step.backward(joined.back(gradient)) }
    : step;
}

/** The channel axis of the first operation after a reshape that names one. */
function channelAxisAfter({ node, network }: Call): number | undefined {
  const reached = new Set([node.id]);
  for (const { id, inputs, operation, outputShape } of network.nodes) {
    if (!inputs.some((source) => reached.has(source))) continue;
    if ('channelAxis' in operation) {
      return outputShape?.length === node.outputShape?.length ? operation.channelAxis : undefined;
    }
    if (operation.kind !== 'identity' && operation.kind !== 'activation' && operation.kind !== 'dropout')
      return undefined;
    reached.add(id);
  }
  return undefined;
}

/** Units that a reshape spreads over further axes than the channels', as positions: `linear(z).view(n, 64, 4, 4)`. */
function unitsAsPositions(layout: Layout, channelAxis: number | undefined): Layout | undefined {
  const isUnits = (atoms: readonly Atom[]) => atoms.length > 0 && atoms.every((atom) => atom.kind === 'units');
  const channels = channelAxis === undefined ? undefined : layout.axes[channelAxis];
  if (!channels || !isUnits(channels)) return undefined;
  const extents = [...layout.extents];
  const axes = layout.axes.map((atoms, axis): readonly Atom[] => {
    if (axis === channelAxis || !isUnits(atoms)) return atoms;
    extents.push(atoms.reduce((size, atom) => size * (atom.kind === 'units' ? atom.size : 1), 1));
    return [{ kind: 'position', index: extents.length - 1 }];
  });
  return extents.length > layout.extents.length ? { axes, extents } : undefined;
}

/**
 * Rows of units, one a position, whose elements are counted anew as the places of channels (`tokens.reshape(n, c, h, w)` without a transposition):
 * as a channel is no longer than a row, no two of its places are of one unit, so that they have nothing but the mean in common.
 */
function rowsCutAnewStep({ node, batch }: Call, input: Field): Step | undefined {
  const [samples, ...rows] = input.layout.axes;
  const units = rows.pop() ?? [];
  const [first, channels, ...places] = node.outputShape ?? [];
  const isBatch = samples?.length === 1 && samples[0]?.kind === 'batch';
  const areRows = rows.every((atoms) => atoms.every(({ kind }) => kind === 'position'));
  const width = units.reduce((product, atom) => product * (atom.kind === 'units' ? atom.size : Number.NaN), 1);
  const length = places.reduce<number>((product, size) => product * (typeof size === 'number' ? size : Number.NaN), 1);
  const isOfSamples = typeof first === 'object' ? first.perBatch === 1 : first === batch;
  const isWhole = typeof channels === 'number' && channels * length === positionCount(input.layout) * width;
  if (!isBatch || !areRows || !isOfSamples || !isWhole || !(length > 1 && length <= width)) return undefined;
  const whole = layoutOf(node.outputShape, [1]);
  if (!whole) return undefined;
  const [old, size] = [binCount(input.layout), binCount(whole)];
  const segment = pooledSegment(input);
  const cut = (values: Float64Array, rest: number) =>
    Float64Array.from({ length: (values.length / old) * size }, (_, at) =>
      at % size === 0 ? (values[(at / size) * old] as number) : rest,
    );
  const back = (values: Float64Array) =>
    Float64Array.from({ length: (values.length / size) * old }, (_, at) =>
      at % old === 0 ? (values[(at / old) * size] as number) : 0,
    );
  const square = segment.mean ** 2;
  return {
    output: {
      layout: whole,
      segments: [
        {
          channels: segment.channels,
          mean: segment.mean,
          within: cut(segment.within, square),
          across: cut(segment.across, square),
        },
      ],
      logScale: input.logScale,
      inherited: input.inherited,
      fresh: input.fresh,
      excess: input.excess,
      fixedNorm: 0,
      batch: input.batch,
    },
    backward: (gradient) => ({
      inputs: [
        movedGradient(gradient, input, ({ within, across }) => ({ within: back(within), across: back(across) })),
      ],
    }),
  };
}

/** Different units have nothing but their mean in common. `added`: how many position axes are new; they are the last. */
function spreadStep(input: Field, layout: Layout, added: number): Step {
  const bins = layout.extents.slice(-added).reduce((product, extent) => product * binsOf(extent), 1);
  const spread = (values: Float64Array, mean: number) => {
    const result = new Float64Array(values.length * bins).fill(mean * mean);
    for (let bin = 0; bin < values.length; bin++) result[bin * bins] = values[bin] as number;
    return result;
  };
  const gather = (values: Float64Array) =>
    Float64Array.from({ length: values.length / bins }, (_, bin) => values[bin * bins] as number);
  return {
    output: {
      ...input,
      layout,
      segments: input.segments.map(({ channels, mean, within, across }) => ({
        channels,
        mean,
        within: spread(within, mean),
        across: spread(across, mean),
      })),
      madeBy: undefined,
      steps: undefined,
    },
    backward: (gradient) => ({
      inputs: [
        {
          ...gradient,
          layout: input.layout,
          segments: gradient.segments.map(({ within, across }) => ({ within: gather(within), across: gather(across) })),
        },
      ],
    }),
  };
}

export function permuteStep(call: Call, order: readonly number[]): Step | undefined {
  const input = call.inputs[0];
  return input && relabelledStep(input, permutedLayout(input.layout, order));
}

/**
 * Dropout: y = a(kx + (1−k)d) + b with one k a element, 1 with the chance 1−p: b = −adp, so that E y = a(1−p) E x. Products of different
 * elements are multiplied by a²(1−p)², and E[y²] = a²(1−p)(E[x²] + d²p − 2dp E x). A gradient is multiplied by ak.
 */
export function dropoutStep(call: Call, rate: number, variant: 'element' | 'channel' | 'alpha'): Step | undefined {
  const input = call.inputs[0];
  if (!input) return undefined;
  if (!(rate > 0)) return relabelledStep(input, input.layout);
  if (rate >= 1) return undefined;
  const keep = 1 - rate;
  const { factor, dropped, shift } = dropoutScale(rate, variant);
  const average = meanDropoutFactor(rate, variant);
  const [own, apart] = [factor ** 2 * keep, average ** 2];
  const unit = Math.exp(-input.logScale / 2);
  const move = (values: Float64Array, constant = 0) => {
    if (variant === 'channel') return affineOf(values, own);
    const result = affineOf(values, apart).slice();
    result[0] = own * ((values[0] as number) + constant);
    return result;
  };
  const moved = (segment: Segment): Segment => ({
    ...segment,
    mean: average * segment.mean,
    within: move(segment.within, dropped * rate * unit * (dropped * unit - 2 * segment.mean)),
    across: affineOf(segment.across, apart),
  });
  return {
    output: {
      ...input,
      segments: input.segments.map(moved),
      madeBy: undefined,
      steps: undefined,
    },
    backward: (gradient) => ({
      inputs: [
        {
          ...gradient,
          steps: undefined,
          segments: gradient.segments.map(({ within, across }) => ({
            within: move(within),
            across: affineOf(across, apart),
          })),
          ...(gradient.mean !== undefined && { mean: average * gradient.mean }),
          ...(gradient.along && {
            along: {
              slope: own * gradient.along.slope,
              offset: average * (gradient.along.offset + shift * unit * gradient.along.slope),
            },
          }),
        },
      ],
    }),
  };
}
