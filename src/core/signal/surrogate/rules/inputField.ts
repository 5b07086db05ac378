import { presetParts } from '../../inputPresets';
import type { InputPreset, ScaledPreset } from '../../inputStatistics';
import { unitAxesOf } from '../../moments/input';
import type { RandomSource } from '../random';
import type { Call } from '../rule';
import { elementCountOf, stridesOf, type Tensor } from '../tensor';

/** Waves that one smooth field is the sum of. */
const waveCount = 48;

/** Values with the preset's mean, variance and correlations between positions, samples alike in the part that they have in common. */
export function drawPreset(call: Call, shape: readonly number[], preset: InputPreset | ScaledPreset): Tensor {
  const { random } = call;
  const { mean, variance, common, plateau, length } = presetParts(preset);
  const data = new Float32Array(elementCountOf(shape));
  const std = Math.sqrt(variance);
  if (length === 0 && common === 0) {
    const isUniform = (typeof preset === 'string' ? preset : preset.preset) === 'uniform-noise';
    const draw = isUniform ? () => Math.sqrt(12) * (random.uniform() - 0.5) : () => random.normal();
    for (let index = 0; index < data.length; index++) data[index] = mean + std * draw();
    return { shape, data, logScale: 0 };
  }
  const units = unitAxesOf(call);
  const isBatched = call.node.outputShape?.[0] !== undefined && typeof call.node.outputShape[0] === 'object';
  const positions = shape.map((_, axis) => axis).filter((axis) => !units.includes(axis) && !(isBatched && axis === 0));
  const strides = stridesOf(shape);
  const extents = positions.map((axis) => shape[axis] as number);
  const steps = positions.map((axis) => strides[axis] as number);
  const others = shape.map((_, axis) => axis).filter((axis) => units.includes(axis));
  const unitPlaces = placesOf(shape, strides, others);
  const samples = isBatched ? (shape[0] as number) : 1;
  const sampleStep = strides[0] ?? 1;
  for (const place of unitPlaces) {
    addField(data, place, samples, sampleStep, std * Math.sqrt(common), extents, steps, length, random);
    for (let sample = 0; sample < samples; sample++) {
      const start = place + sample * sampleStep;
      const own = std * Math.sqrt(1 - common);
      const level = mean + own * Math.sqrt(plateau) * random.normal();
      addField(data, start, 1, 0, own * Math.sqrt(1 - plateau), extents, steps, length, random, level);
    }
  }
  return { shape, data, logScale: 0 };
}

function placesOf(shape: readonly number[], strides: readonly number[], axes: readonly number[]): readonly number[] {
  let places = [0];
  for (const axis of axes) {
    const step = strides[axis] as number;
    places = places.flatMap((place) =>
      Array.from({ length: shape[axis] as number }, (_, index) => place + index * step),
    );
  }
  return places;
}

/**
 * Adds a Gaussian field with correlation exp(−distance/length), distances as shares of the extents; independent values where the length is
 * 0. Its spectrum is a Cauchy distribution of waves: a normal vector over a normal number (Rahimi & Recht 2007 on Matérn 1/2).
 */
function addField(
  data: Float32Array,
  start: number,
  copies: number,
  copyStep: number,
  std: number,
  extents: readonly number[],
  steps: readonly number[],
  length: number,
  random: RandomSource,
  level = 0,
): void {
  const size = elementCountOf(extents);
  const field = new Float64Array(size);
  if (std > 0 && length === 0) for (let index = 0; index < size; index++) field[index] = std * random.normal();
  else if (std > 0) addWaves(field, std, extents, length, random);
  const counter = new Array<number>(extents.length).fill(0);
  for (let index = 0; index < size; index++) {
    let place = start;
    for (let axis = 0; axis < extents.length; axis++) place += (counter[axis] as number) * (steps[axis] as number);
    for (let copy = 0; copy < copies; copy++) {
      const at = place + copy * copyStep;
      data[at] = (data[at] as number) + (field[index] as number) + level;
    }
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      counter[axis] = (counter[axis] as number) + 1;
      if ((counter[axis] as number) < (extents[axis] as number)) break;
      counter[axis] = 0;
    }
  }
}

function addWaves(
  field: Float64Array,
  std: number,
  extents: readonly number[],
  length: number,
  random: RandomSource,
): void {
  const amplitude = std * Math.sqrt(2 / waveCount);
  const width = extents.at(-1) ?? 1;
  for (let wave = 0; wave < waveCount; wave++) {
    const divisor = Math.abs(random.normal()) * length;
    const turns = extents.map((extent) => random.normal() / divisor / extent);
    const phase = 2 * Math.PI * random.uniform();
    const last = turns.at(-1) ?? 0;
    const stepCosine = Math.cos(last);
    const stepSine = Math.sin(last);
    for (let line = 0; line * width < field.length; line++) {
      let rest = line;
      let angle = phase;
      for (let axis = extents.length - 2; axis >= 0; axis--) {
        const extent = extents[axis] as number;
        angle += (rest % extent) * (turns[axis] as number);
        rest = Math.floor(rest / extent);
      }
      let cosine = amplitude * Math.cos(angle);
      let sine = amplitude * Math.sin(angle);
      for (let at = line * width; at < (line + 1) * width; at++) {
        field[at] = (field[at] as number) + cosine;
        const turned = cosine * stepCosine - sine * stepSine;
        sine = sine * stepCosine + cosine * stepSine;
        cosine = turned;
      }
    }
  }
}
