import type { ActivationUse } from '../../../activations/activation';
import { arrayFunction, derivativeOf } from '../elementwise';

/** The cells' own arithmetic on one time step: what enters the gates is known, gate by gate, as samples × units. */
export interface Cell {
  readonly gates: number;
  /** True where the recurrent part of the last gate is scaled by the first before it is added (GRU). */
  readonly resets: boolean;
  readonly step: (values: StepValues) => void;
  /** Turns dL/dh and dL/dc of this step into dL/d gate inputs and what reaches the step before directly. */
  readonly back: (values: StepValues, gradients: StepGradients) => void;
}

export interface StepValues {
  /** Input part of each gate with its bias; recurrent part with its own. */
  readonly fromInput: readonly Float32Array[];
  readonly fromState: readonly Float32Array[];
  readonly hiddenBefore: Float32Array;
  readonly memoryBefore: Float32Array;
  readonly hidden: Float32Array;
  readonly memory: Float32Array;
  /** Gate values after their activation, and their inputs. */
  readonly gates: readonly Float32Array[];
  readonly inputs: readonly Float32Array[];
}

export interface StepGradients {
  readonly hidden: Float32Array;
  readonly memory: Float32Array;
  /** Written: dL/d of the input part and of the recurrent part of each gate. */
  readonly fromInput: readonly Float32Array[];
  readonly fromState: readonly Float32Array[];
  /** Written: what reaches hₜ₋₁ and cₜ₋₁ other than through the gates. */
  readonly hiddenBefore: Float32Array;
  readonly memoryBefore: Float32Array;
}

interface Curve {
  readonly value: (z: Float32Array, target: Float32Array) => void;
  readonly slope: (z: Float32Array, target: Float32Array) => void;
}

function curveOf({ expression }: ActivationUse): Curve {
  const value = arrayFunction(expression);
  const slope = arrayFunction(derivativeOf(expression));
  return {
    value: (z, target) => value([{ data: z, scale: 1 }], target),
    slope: (z, target) => slope([{ data: z, scale: 1 }], target),
  };
}

function add(first: Float32Array, second: Float32Array, target: Float32Array): void {
  for (let at = 0; at < target.length; at++) target[at] = (first[at] as number) + (second[at] as number);
}

/** h = f(W·x + U·h). */
export function plainCell(activation: ActivationUse): Cell {
  const f = curveOf(activation);
  return {
    gates: 1,
    resets: false,
    step: ({ fromInput: [x], fromState: [u], inputs: [z], hidden }) => {
      if (!x || !u || !z) return;
      add(x, u, z);
      f.value(z, hidden);
    },
    back: ({ inputs: [z] }, { hidden, fromInput: [dx], fromState: [du] }) => {
      if (!z || !dx || !du) return;
      f.slope(z, dx);
      for (let at = 0; at < dx.length; at++) dx[at] = (dx[at] as number) * (hidden[at] as number);
      du.set(dx);
    },
  };
}

/** c = f⊙c + i⊙g, h = o⊙tanh(c); gates in the order i, f, g, o (Hochreiter & Schmidhuber 1997, Gers et al. 2000). */
export function lstmCell(gate: ActivationUse, activation: ActivationUse): Cell {
  const sigma = curveOf(gate);
  const f = curveOf(activation);
  const curves = [sigma, sigma, f, sigma];
  return {
    gates: 4,
    resets: false,
    step: ({ fromInput, fromState, inputs, gates, memoryBefore, memory, hidden }) => {
      curves.forEach((curve, which) => {
        const z = inputs[which] as Float32Array;
        add(fromInput[which] as Float32Array, fromState[which] as Float32Array, z);
        curve.value(z, gates[which] as Float32Array);
      });
      const [i, forget, g, o] = gates as [Float32Array, Float32Array, Float32Array, Float32Array];
      for (let at = 0; at < memory.length; at++) {
        memory[at] = (forget[at] as number) * (memoryBefore[at] as number) + (i[at] as number) * (g[at] as number);
      }
      f.value(memory, hidden);
      for (let at = 0; at < hidden.length; at++) hidden[at] = (hidden[at] as number) * (o[at] as number);
    },
    back: ({ inputs, gates, memory, memoryBefore }, gradients) => {
      const [i, forget, g, o] = gates as [Float32Array, Float32Array, Float32Array, Float32Array];
      const [di, df, dg, d0] = gradients.fromInput as [Float32Array, Float32Array, Float32Array, Float32Array];
      const squashed = new Float32Array(memory.length);
      const slope = new Float32Array(memory.length);
      f.value(memory, squashed);
      f.slope(memory, slope);
      for (let at = 0; at < memory.length; at++) {
        const dh = gradients.hidden[at] as number;
        const dc = (gradients.memory[at] as number) + dh * (o[at] as number) * (slope[at] as number);
        d0[at] = dh * (squashed[at] as number);
        di[at] = dc * (g[at] as number);
        df[at] = dc * (memoryBefore[at] as number);
        dg[at] = dc * (i[at] as number);
        gradients.memoryBefore[at] = dc * (forget[at] as number);
      }
      curves.forEach((curve, which) => {
        const target = gradients.fromInput[which] as Float32Array;
        curve.slope(inputs[which] as Float32Array, slope);
        for (let at = 0; at < target.length; at++) target[at] = (target[at] as number) * (slope[at] as number);
        (gradients.fromState[which] as Float32Array).set(target);
      });
    },
  };
}

/** h = (1 − z)⊙n + z⊙h, n = f(W·x + r⊙(U·h)); gates in the order r, z, n (Cho et al. 2014 as PyTorch and Keras have it). */
export function gruCell(gate: ActivationUse, activation: ActivationUse): Cell {
  const sigma = curveOf(gate);
  const f = curveOf(activation);
  return {
    gates: 3,
    resets: true,
    step: ({ fromInput, fromState, inputs, gates, hiddenBefore, hidden }) => {
      const [r, z, n] = gates as [Float32Array, Float32Array, Float32Array];
      for (const which of [0, 1] as const) {
        const input = inputs[which] as Float32Array;
        add(fromInput[which] as Float32Array, fromState[which] as Float32Array, input);
        sigma.value(input, gates[which] as Float32Array);
      }
      const [, , u] = fromState as [Float32Array, Float32Array, Float32Array];
      const [, , x] = fromInput as [Float32Array, Float32Array, Float32Array];
      const last = inputs[2] as Float32Array;
      for (let at = 0; at < last.length; at++) last[at] = (x[at] as number) + (r[at] as number) * (u[at] as number);
      f.value(last, n);
      for (let at = 0; at < hidden.length; at++) {
        const kept = z[at] as number;
        hidden[at] = (1 - kept) * (n[at] as number) + kept * (hiddenBefore[at] as number);
      }
    },
    back: ({ inputs, gates, fromState, hiddenBefore }, gradients) => {
      const [r, z, n] = gates as [Float32Array, Float32Array, Float32Array];
      const [dr, dz, dn] = gradients.fromInput as [Float32Array, Float32Array, Float32Array];
      const u = fromState[2] as Float32Array;
      const slopes = inputs.map((input, which) => {
        const slope = new Float32Array(input.length);
        (which === 2 ? f : sigma).slope(input, slope);
        return slope;
      });
      const [slopeR, slopeZ, slopeN] = slopes as [Float32Array, Float32Array, Float32Array];
      const byState = gradients.fromState[2] as Float32Array;
      for (let at = 0; at < n.length; at++) {
        const dh = gradients.hidden[at] as number;
        const kept = z[at] as number;
        const dLast = dh * (1 - kept) * (slopeN[at] as number);
        dn[at] = dLast;
        byState[at] = dLast * (r[at] as number);
        dr[at] = dLast * (u[at] as number) * (slopeR[at] as number);
        dz[at] = dh * ((hiddenBefore[at] as number) - (n[at] as number)) * (slopeZ[at] as number);
        gradients.hiddenBefore[at] = dh * kept;
      }
      (gradients.fromState[0] as Float32Array).set(dr);
      (gradients.fromState[1] as Float32Array).set(dz);
    },
  };
}
