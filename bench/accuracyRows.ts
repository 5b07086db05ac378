import type { Network } from '../src/core/network/network';
import type { Estimate, NodeSignal, SignalProfile } from '../src/core/signal/profile';

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
  /** How many measured means lie within the band that the estimate states, of how many that have one. */
  readonly bands: Readonly<Record<Quantity, { within: number; all: number }>>;
  missing: number;
}

/** What is compared with a measured number. */
type Comparable = Pick<Estimate, 'log10Rms' | 'band'>;

/** float32 gradients end near here; step rows hold them all the same. */
const smallestLog10 = -17;
/** The measured means are written with four decimals. */
const recordedTo = 5e-5;

function none() {
  return { within: 0, all: 0 };
}

/** Compares a profile with the measured rows, by module path. */
export function compareWithMeasured(
  measured: Pick<MeasuredCase, 'layers'>,
  network: Network,
  profile: SignalProfile,
): CaseErrors {
  const result: CaseErrors = {
    errors: { activation: [], gradient: [], weightGradient: [], saturated: [] },
    bands: { activation: none(), gradient: none(), weightGradient: none(), saturated: none() },
    missing: 0,
  };
  const byPath = new Map<string, NodeSignal>();
  const lastPart = new Map<string, NodeSignal>();
  network.nodes.forEach((node, index) => {
    const signal = profile.nodes[index];
    if (signal && !byPath.has(node.path)) byPath.set(node.path, signal);
    if (signal) lastPart.set(node.path.split('/', 1)[0] as string, signal);
  });
  const compare = (quantity: Quantity, estimate: Comparable | undefined, truth: number | undefined) => {
    if (truth === undefined) return;
    if (estimate === undefined) {
      result.missing++;
      return;
    }
    const error = Math.abs(estimate.log10Rms - truth);
    result.errors[quantity].push(error);
    if (estimate.band === undefined) return;
    const counts = result.bands[quantity];
    counts.all++;
    if (error <= estimate.band + recordedTo) counts.within++;
  };
  const step = (steps: NodeSignal['steps'], quantity: 'activation' | 'gradient', index: number) => {
    const log10Rms = steps?.[quantity][index];
    return log10Rms === undefined ? undefined : { log10Rms, band: steps?.band?.[quantity][index] };
  };
  for (const [path, layer] of Object.entries(measured.layers)) {
    const signal = byPath.get(path);
    // What a Keras layer gives out has passed its own activation, or the last of the operations that it is made of.
    const output = byPath.get(`${path}/activation`) ?? signal ?? lastPart.get(path);
    const weights = signal?.weightGradients ?? {};
    compare('activation', output?.activation, layer.activation?.[0]);
    compare('gradient', output?.gradient, layer.gradient?.[0]);
    compare('weightGradient', signal?.weightGradient, layer.weightGradient?.[0]);
    compare('weightGradient', weights.query, layer.queryWeightGradient?.[0]);
    compare('weightGradient', weights.value, layer.valueWeightGradient?.[0]);
    compare('weightGradient', weights.input, layer.inputWeightGradient?.[0]);
    compare('weightGradient', weights.recurrent, layer.recurrentWeightGradient?.[0]);
    const share = signal?.saturated;
    compare(
      'saturated',
      share === undefined ? undefined : { log10Rms: share, ...signal?.saturatedSpread },
      layer.saturated,
    );
    layer.stepActivation?.forEach((truth, index) => {
      if (truth > smallestLog10) compare('activation', step(signal?.steps, 'activation', index), truth);
    });
    layer.stepGradient?.forEach((truth, index) => {
      if (truth > smallestLog10) compare('gradient', step(signal?.steps, 'gradient', index), truth);
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
