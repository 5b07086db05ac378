import { copiedPlace } from '../../network/copiedPlaces';
import type { CopyMode, Padding } from '../../network/network';

/** How a window slides over the three spatial axes of an image; missing axes have size one. */
export interface Windows {
  /** Sizes of the image, of the window and of the grid of its places. */
  readonly image: readonly [number, number, number];
  readonly kernel: readonly [number, number, number];
  readonly places: readonly [number, number, number];
  /** By axis, for each element of the window and each place: the image's index, or −1 in the padding. */
  readonly sources: readonly [Int32Array, Int32Array, Int32Array];
}

export type PaddingMode = 'zeros' | CopyMode;

export interface WindowRequest {
  readonly image: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly Padding[];
  readonly dilation: readonly number[];
  readonly places: readonly number[];
  readonly paddingMode: PaddingMode;
}

export function windowsOf(request: WindowRequest): Windows {
  const missing = 3 - request.image.length;
  const three = (values: readonly number[], fill: number): [number, number, number] => {
    const padded = [...Array.from({ length: missing }, () => fill), ...values];
    return [padded[0] ?? fill, padded[1] ?? fill, padded[2] ?? fill];
  };
  const image = three(request.image, 1);
  const kernel = three(request.kernel, 1);
  const places = three(request.places, 1);
  const stride = three(request.stride, 1);
  const dilation = three(request.dilation, 1);
  const before = three(
    request.padding.map((padding) => padding.before),
    0,
  );
  const axis = (index: 0 | 1 | 2): Int32Array => {
    const size = image[index];
    const count = places[index];
    const table = new Int32Array(kernel[index] * count);
    for (let k = 0; k < kernel[index]; k++) {
      for (let place = 0; place < count; place++) {
        const at = place * stride[index] - before[index] + k * dilation[index];
        const isInside = at >= 0 && at < size;
        const { paddingMode } = request;
        table[k * count + place] = isInside ? at : paddingMode === 'zeros' ? -1 : copiedPlace(at, size, paddingMode);
      }
    }
    return table;
  };
  return { image, kernel, places, sources: [axis(0), axis(1), axis(2)] };
}

export function imageSize({ image }: Windows): number {
  return image[0] * image[1] * image[2];
}

export function kernelSize({ kernel }: Windows): number {
  return kernel[0] * kernel[1] * kernel[2];
}

export function placeCount({ places }: Windows): number {
  return places[0] * places[1] * places[2];
}

/** A stretch of an array laid out in rows: row r starts at `start + r·rowStep`. */
export interface Rows {
  readonly data: Float32Array;
  readonly start: number;
  readonly rowStep: number;
}

/**
 * Writes what every window sees: row (channel, element of the window), column place. `images` holds one image a channel, one after another
 * from `start`.
 */
export function unfold(windows: Windows, channels: number, images: Float32Array, start: number, columns: Rows): void {
  const [, height, width] = windows.image;
  const [depthK, heightK, widthK] = windows.kernel;
  const [depthP, heightP, widthP] = windows.places;
  const [sourceZ, sourceY, sourceX] = windows.sources;
  const size = imageSize(windows);
  const { data, rowStep } = columns;
  let row = columns.start;
  for (let channel = 0; channel < channels; channel++) {
    const base = start + channel * size;
    for (let kz = 0; kz < depthK; kz++) {
      for (let ky = 0; ky < heightK; ky++) {
        for (let kx = 0; kx < widthK; kx++) {
          let to = row;
          for (let pz = 0; pz < depthP; pz++) {
            const z = sourceZ[kz * depthP + pz] as number;
            for (let py = 0; py < heightP; py++) {
              const y = sourceY[ky * heightP + py] as number;
              if (z < 0 || y < 0) {
                data.fill(0, to, to + widthP);
                to += widthP;
                continue;
              }
              const line = base + (z * height + y) * width;
              const table = kx * widthP;
              for (let px = 0; px < widthP; px++) {
                const x = sourceX[table + px] as number;
                data[to++] = x < 0 ? 0 : (images[line + x] as number);
              }
            }
          }
          row += rowStep;
        }
      }
    }
  }
}

/** The transpose of `unfold`: adds every window's values onto the images. */
export function fold(windows: Windows, channels: number, columns: Rows, images: Float32Array, start: number): void {
  const [, height, width] = windows.image;
  const [depthK, heightK, widthK] = windows.kernel;
  const [depthP, heightP, widthP] = windows.places;
  const [sourceZ, sourceY, sourceX] = windows.sources;
  const size = imageSize(windows);
  const { data, rowStep } = columns;
  let row = columns.start;
  for (let channel = 0; channel < channels; channel++) {
    const base = start + channel * size;
    for (let kz = 0; kz < depthK; kz++) {
      for (let ky = 0; ky < heightK; ky++) {
        for (let kx = 0; kx < widthK; kx++) {
          let from = row;
          for (let pz = 0; pz < depthP; pz++) {
            const z = sourceZ[kz * depthP + pz] as number;
            for (let py = 0; py < heightP; py++) {
              const y = sourceY[ky * heightP + py] as number;
              if (z < 0 || y < 0) {
                from += widthP;
                continue;
              }
              const line = base + (z * height + y) * width;
              const table = kx * widthP;
              for (let px = 0; px < widthP; px++) {
                const x = sourceX[table + px] as number;
                if (x >= 0) images[line + x] = (images[line + x] as number) + (data[from] as number);
                from++;
              }
            }
          }
          row += rowStep;
        }
      }
    }
  }
}
