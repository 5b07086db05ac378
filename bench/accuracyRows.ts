import type { Network } from '../src/core/network/network';
import type { NodeSignal, SignalProfile } from '../src/core/signal/profile';

/** One measured case: what real autograd found, as `cases/measured/README.md` defines it. */
export interface MeasuredCase {
  readonly family: string;
  readonly batch: number;
  readonly loss: string;
  readonly input: string;
  readonly layers: Readonly<Record<string, MeasuredLayer>>;
}

type Row = readonly [mean: number, sd: number];

export interface MeasuredLayer {
  readonly activation?: Row;
  readonly gradient?: Row;
  readonly weightGradient?: Row;
  readonly queryWeightGradient?: Row;
  readonly valueWeightGradient?: Row;
  readonly inputWeightGradient?: Row;
  readonly recurrentWeightGradient?: Row;
  readonly stepActivation?: readonly number[];
  readonly stepGradient?: readonly number[];
  readonly saturated?: number;
}

export type Quantity = 'activation' | 'gradient' | 'weightGradient' | 'saturated';

/** Absolute errors in dex (of the saturated share: as they are), and how many measured numbers had no estimate. */
export interface CaseErrors {
  readonly errors: Readonly<Record<Quantity, number[]>>;
  missing: number;
}

/** float32 gradients end near here; step rows hold them all the same. */
const smallestLog10 = -17;

/** Compares a profile with the measured rows, by module path. */
export function compareWithMeasured(
  measured: Pick<MeasuredCase, 'layers'>,
  network: Network,
  profile: SignalProfile,
): CaseErrors {
  const result: CaseErrors = {
    errors: { activation: [], gradient: [], weightGradient: [], saturated: [] },
    missing: 0,
  };
  const byPath = new Map<string, NodeSignal>();
  network.nodes.forEach((node, index) => {
    const signal = profile.nodes[index];
    if (signal && !byPath.has(node.path)) byPath.set(node.path, signal);
  });
  const compare = (quantity: Quantity, estimate: number | undefined, truth: number | undefined) => {
    if (truth === undefined) return;
    if (estimate === undefined) result.missing++;
    else result.errors[quantity].push(Math.abs(estimate - truth));
  };
  for (const [path, layer] of Object.entries(measured.layers)) {
    const signal = byPath.get(path);
    const weights = signal?.weightGradients ?? {};
    compare('activation', signal?.activation?.log10Rms, layer.activation?.[0]);
    compare('gradient', signal?.gradient?.log10Rms, layer.gradient?.[0]);
    compare('weightGradient', signal?.weightGradient?.log10Rms, layer.weightGradient?.[0]);
    compare('weightGradient', weights.query?.log10Rms, layer.queryWeightGradient?.[0]);
    compare('weightGradient', weights.value?.log10Rms, layer.valueWeightGradient?.[0]);
    compare('weightGradient', weights.input?.log10Rms, layer.inputWeightGradient?.[0]);
    compare('weightGradient', weights.recurrent?.log10Rms, layer.recurrentWeightGradient?.[0]);
    compare('saturated', signal?.saturated, layer.saturated);
    layer.stepActivation?.forEach((truth, step) => {
      if (truth > smallestLog10) compare('activation', signal?.steps?.activation[step], truth);
    });
    layer.stepGradient?.forEach((truth, step) => {
      if (truth > smallestLog10) compare('gradient', signal?.steps?.gradient[step], truth);
    });
  }
  return result;
}

/** The value that this share of the numbers does not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))] as number;
}
