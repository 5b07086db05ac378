import type { Dim } from '../../../network/network';
import { divideDims, multiplyDims } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { permute, reshapeTo, swapAxes } from '../../tensor/rearranging';
import { addNode, addUnknown, reportProblem, type Site } from '../../tensor/trace';
import type { TorchState } from '../state';

export interface InterpolationRequest {
  /** For each spatial axis, or one for all. */
  readonly size: readonly Dim[] | undefined;
  readonly factors: readonly Dim[] | undefined;
  readonly mode: string;
}

/** `F.interpolate` of a tensor [N, C, …positions]. */
export function interpolate(
  state: TorchState,
  input: TracedTensor,
  request: InterpolationRequest,
  site: Site,
): TracedTensor {
  const { shape } = input;
  if (!shape || shape.length < 3) {
    return addUnknown(state.session, 'a tensor of unknown shape is resampled', [input], undefined, site);
  }
  const sizes = shape.slice(2);
  const result = sizes.map((size, axis): Dim => {
    if (request.size) return request.size.length === 1 ? request.size[0] : request.size[axis];
    const factor = request.factors?.length === 1 ? request.factors[0] : request.factors?.[axis];
    return typeof size === 'number' && typeof factor === 'number' ? Math.floor(size * factor) : undefined;
  });
  const output = [...shape.slice(0, 2), ...result];
  const factors = result.map((size, axis) => {
    const before = sizes[axis];
    return typeof size === 'number' && typeof before === 'number' ? size / before : undefined;
  });
  const known = factors.filter((factor) => factor !== undefined);
  const mode = interpolationMode(request.mode);
  if (known.length < factors.length || !mode) {
    return addUnknown(state.session, `resampling in mode ${request.mode} is not followed`, [input], output, site);
  }
  return addNode(state.session, { kind: 'upsample', factors: known, mode, channelAxis: 1 }, [input], output, site);
}

export function pixelShuffle(state: TorchState, input: TracedTensor, factor: number, site: Site): TracedTensor {
  const { shape } = input;
  if (!shape || shape.length < 3) return shuffledUnknown(state, input, site);
  const [channels, height, width] = shape.slice(-3);
  const area = factor * factor;
  const output = [
    ...shape.slice(0, -3),
    divideDims(channels, area),
    ...[height, width].map((size) => multiplyDims(size, factor)),
  ];
  if (typeof channels === 'number' && channels % area !== 0) {
    reportProblem(state.session, `pixel shuffle by ${factor} of ${channels} channels`, site);
  }
  return addNode(state.session, { kind: 'pixelShuffle', factor }, [input], output, site);
}

/** C×(H·r)×(W·r) to (C·r²)×H×W, `nn/modules/pixelshuffle.py`. */
export function pixelUnshuffle(state: TorchState, input: TracedTensor, factor: number, site: Site): TracedTensor {
  const { shape } = input;
  if (!shape || shape.length < 3) return shuffledUnknown(state, input, site);
  const { session } = state;
  const lead = shape.slice(0, -3);
  const [channels, height, width] = shape.slice(-3);
  const [rows, columns] = [divideDims(height, factor), divideDims(width, factor)];
  const apart = reshapeTo(session, input, [...lead, channels, rows, factor, columns, factor], site);
  const at = lead.length;
  const order = [...lead.map((_, axis) => axis), at, at + 2, at + 4, at + 1, at + 3];
  const moved = permute(session, apart, order, site);
  return reshapeTo(session, moved, [...lead, multiplyDims(channels, factor * factor), rows, columns], site);
}

/** Channels in `groups` rows, read by columns: `nn/modules/channelshuffle.py`. */
export function channelShuffle(state: TorchState, input: TracedTensor, groups: number, site: Site): TracedTensor {
  const { shape } = input;
  if (!shape || shape.length < 3) return shuffledUnknown(state, input, site);
  const { session } = state;
  const [batch, channels, ...positions] = shape;
  const apart = reshapeTo(session, input, [batch, groups, divideDims(channels, groups), ...positions], site);
  return reshapeTo(session, swapAxes(session, apart, 1, 2, site), shape, site);
}

function shuffledUnknown(state: TorchState, input: TracedTensor, site: Site): TracedTensor {
  return addUnknown(state.session, 'a tensor of unknown shape is shuffled', [input], undefined, site);
}

function interpolationMode(mode: string): 'nearest' | 'linear' | undefined {
  if (mode === 'nearest' || mode === 'nearest-exact') return 'nearest';
  return mode === 'linear' || mode === 'bilinear' || mode === 'trilinear' ? 'linear' : undefined;
}
