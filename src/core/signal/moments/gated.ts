import type { ActivationUse } from '../../activations/activation';
import { applyActivation } from './activations';
import { combinationOf, productOf } from './binArithmetic';
import {
  consumed,
  type Field,
  type Gradient,
  type GradientSegment,
  gradientVariance,
  pooledSegment,
  type Segment,
  seedVariance,
} from './field';
import type { Atom } from './layout';
import type { Call, Step } from './rule';

/** Half of the units times f of the other half; the halves are independent (Dauphin et al. 2017; Shazeer 2020). */
export function gatedLinearUnitStep(call: Call, use: ActivationUse, axis: number): Step | undefined {
  const raw = call.inputs[0];
  const atoms = raw?.layout.axes[axis];
  const atom = atoms?.[0];
  if (!raw || atoms?.length !== 1 || atom?.kind !== 'units' || atom.size % 2 !== 0) return undefined;
  const input = consumed(raw);
  const half: readonly Atom[] = [{ kind: 'units', size: atom.size / 2 }];
  const layout = {
    axes: raw.layout.axes.map((own, index) => (index === axis ? half : own)),
    extents: raw.layout.extents,
  };
  const value: Field = { ...input, layout, segments: [pooledSegment(input)], steps: undefined, madeBy: undefined };
  const gate = applyActivation(value, use);
  const gateSegment = pooledSegment(gate.output);
  const valueSegment = pooledSegment(value);
  const segment: Segment = {
    channels: valueSegment.channels / 2,
    mean: valueSegment.mean * gateSegment.mean,
    within: productOf(valueSegment.within, gateSegment.within),
    across: productOf(valueSegment.across, gateSegment.across),
  };
  const output: Field = {
    ...value,
    segments: [segment],
    logScale: value.logScale + gate.output.logScale,
    inherited: seedVariance(value) + seedVariance(gate.output),
  };
  return {
    output,
    preactivation: gate.preactivation,
    backward: (gradient) => {
      const incoming = gradient.segments[0];
      if (!incoming) return { inputs: ['unknown'] };
      const times = (factor: Segment, logScale: number): Gradient => ({
        ...gradient,
        steps: undefined,
        segments: [
          { within: productOf(incoming.within, factor.within), across: productOf(incoming.across, factor.across) },
        ],
        logScale: gradient.logScale + logScale,
        inherited: gradientVariance(gradient),
        fresh: 0,
      });
      const byValue = times(gateSegment, gate.output.logScale);
      const byGate = gate.backward(times(valueSegment, value.logScale)).inputs[0];
      if (byGate === undefined || byGate === 'unknown') return { inputs: ['unknown'] };
      const logScale = Math.max(byValue.logScale, byGate.logScale);
      const [valueShare, gateShare] = [byValue, byGate].map((part) => Math.exp(part.logScale - logScale) / 2);
      const mean = (key: 'within' | 'across') =>
        combinationOf(
          valueShare as number,
          (byValue.segments[0] as GradientSegment)[key],
          gateShare as number,
          (byGate.segments[0] as GradientSegment)[key],
        );
      const both = { within: mean('within'), across: mean('across') };
      return { inputs: [{ ...byValue, layout: raw.layout, logScale, segments: raw.segments.map(() => both) }] };
    },
  };
}
