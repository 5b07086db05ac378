import type { Dim } from '../../../network/network';
import { divideDims, multiplyDims } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
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

export function pixelShuffle(
  state: TorchState,
  input: TracedTensor,
  factor: number,
  isInverse: boolean,
  site: Site,
): TracedTensor {
  const { shape } = input;
  if (!shape || shape.length < 3) {
    return addUnknown(state.session, 'the pixels of a tensor of unknown shape are shuffled', [input], undefined, site);
  }
  const [channels, height, width] = shape.slice(-3);
  const area = factor * factor;
  const result = isInverse
    ? [multiplyDims(channels, area), divideDims(height, factor), divideDims(width, factor)]
    : [divideDims(channels, area), multiplyDims(height, factor), multiplyDims(width, factor)];
  const output = [...shape.slice(0, -3), ...result];
  if (isInverse) {
    return addUnknown(state.session, 'torch.nn.PixelUnshuffle is not followed', [input], output, site);
  }
  if (typeof channels === 'number' && channels % area !== 0) {
    reportProblem(state.session, `pixel shuffle by ${factor} of ${channels} channels`, site);
  }
  return addNode(state.session, { kind: 'pixelShuffle', factor }, [input], output, site);
}

function interpolationMode(mode: string): 'nearest' | 'linear' | undefined {
  if (mode === 'nearest' || mode === 'nearest-exact') return 'nearest';
  return mode === 'linear' || mode === 'bilinear' || mode === 'trilinear' ? 'linear' : undefined;
}
