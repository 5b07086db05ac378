import { type Network, type Parameter, type ParameterId, parametersById } from '../../network/network';
import { drawTensor } from './draw';
import type { Multiply } from './matrix';
import type { RandomSource } from './random';
import type { DrawnParameter } from './rule';
import { elementCountOf, type Tensor } from './tensor';

/** Draws every parameter once, when it is first asked for: what layers share, they share. */
export class ParameterDraws {
  readonly #drawn = new Map<ParameterId, DrawnParameter | undefined>();
  /** By the original. */
  readonly #copied = new Map<ParameterId, Tensor>();
  readonly #parameters: ReadonlyMap<ParameterId, Parameter>;
  readonly #random: RandomSource;
  readonly #multiply: Multiply;

  constructor(network: Network, random: RandomSource, multiply: Multiply) {
    this.#parameters = parametersById(network);
    this.#random = random;
    this.#multiply = multiply;
  }

  get(id: ParameterId): DrawnParameter | undefined {
    if (this.#drawn.has(id)) return this.#drawn.get(id);
    const parameter = this.#parameters.get(id);
    const value = parameter && this.#valueOf(parameter);
    const drawn = parameter && value && { parameter, value };
    this.#drawn.set(id, drawn);
    return drawn;
  }

  /** A deep copy has the values of its original, and of the other copies. */
  #valueOf(parameter: Parameter): Tensor | undefined {
    const original = parameter.initialiser.copyOf ?? parameter.id;
    const known = this.#copied.get(original);
    const isAlike = known?.shape.every((size, axis) => size === parameter.shape[axis]);
    if (known && isAlike) return known;
    const value = drawParameter(parameter, this.#random, this.#multiply);
    if (value && !known) this.#copied.set(original, value);
    return value;
  }
}

function drawParameter(
  { shape, initialiser }: Parameter,
  random: RandomSource,
  multiply: Multiply,
): Tensor | undefined {
  if (shape.some((size) => !Number.isInteger(size) || size < 0)) return undefined;
  const { distribution } = initialiser;
  const value = drawTensor(distribution, shape, random, multiply);
  if (!value || distribution.kind !== 'orthogonal') return value;
  return storedOrder(value, distribution.rows, distribution.columns);
}

/** Keras keeps matrices [in, out]: an orthogonal one is turned to [out, in], in which the network's weights stand. */
function storedOrder(value: Tensor, rows: number, columns: number): Tensor {
  const [first] = value.shape;
  if (first === rows || first !== columns) return value;
  const data = new Float32Array(elementCountOf(value.shape));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      data[column * rows + row] = value.data[row * columns + column] as number;
    }
  }
  return { ...value, data };
}
