import type { Dim, Shape } from '../../../network/network';
import { resolveAxis } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { makeTuple } from '../../../python/make';
import type { Value } from '../../../python/values';
import { addUnknown } from '../../tensor/trace';
import type { TorchCall } from '../call';
import type { TensorFacts } from '../state';
import { constantTensor } from './arithmetic';
import { type TensorFunction, tensorFunctions } from './entry';

/** What the elements of a result are; masks and indices carry no signal, so nothing is lost where they are not followed. */
export type Elements = 'reals' | 'integers' | 'booleans';

export type ShapeRule = (call: TorchCall) => Shape;

/** Functions of which only the shape of the result is worked out. */
export function shapeFunctions(
  names: string,
  signature: string,
  rule: ShapeRule,
  elements: Elements = 'reals',
  place?: TensorFunction['place'],
): readonly TensorFunction[] {
  return tensorFunctions(names, signature, (call) => shaped(call, rule(call), elements), place);
}

/** Functions that give several tensors, each of the shape and the elements that stand for it. */
export function severalShapes(
  names: string,
  signature: string,
  rule: (call: TorchCall) => readonly (readonly [Shape, Elements])[],
  place?: TensorFunction['place'],
): readonly TensorFunction[] {
  return tensorFunctions(names, signature, (call) => several(call, rule(call)), place);
}

/** A tensor of this shape whose elements are not followed, unless a node stands for them; undefined where no tensor was given. */
export function shaped(
  call: TorchCall,
  shape: Shape,
  elements: Elements = 'reals',
  follow?: () => TracedTensor | undefined,
): Value | undefined {
  const inputs = call.tensors();
  if (inputs.length === 0) return undefined;
  const kind: TensorFacts = {
    ...(elements === 'integers' && { isInteger: true }),
    ...(elements === 'booleans' && { isBoolean: true }),
  };
  if (inputs.every((payload) => payload.facts.isConstant)) {
    return constantTensor(call.state, shape, undefined, call.site(), kind);
  }
  const reason = `the values of ${call.name} are not followed`;
  const { session } = call.state;
  const site = call.site();
  if (elements === 'reals' && session.isInsideModel) return call.unknown(reason, shape);
  const make = () =>
    follow?.() ??
    addUnknown(
      session,
      reason,
      inputs.map((payload) => payload.tensor),
      shape,
      site,
    );
  return call.state.lazyTensor(shape, make, kind);
}

export function several(call: TorchCall, results: readonly (readonly [Shape, Elements])[]): Value | undefined {
  const values = results
    .map(([shape, elements]) => shaped(call, shape, elements))
    .filter((value) => value !== undefined);
  return values.length > 0 ? makeTuple(values) : undefined;
}

export function shapeOf(call: TorchCall, name = 'input'): Shape {
  return call.payload(name)?.shape;
}

/** The axis that an argument names, counted from the front. */
export function axisOf(call: TorchCall, shape: Shape, name = 'dim', otherwise?: number): number | undefined {
  const axis = call.int(name) ?? otherwise;
  return shape && axis !== undefined ? resolveAxis(axis, shape.length) : undefined;
}

/** The shape with the size of one axis changed. */
export function withAxis(shape: Shape, axis: number | undefined, change: (size: Dim) => Dim): Shape {
  if (axis === undefined) return undefined;
  return shape?.map((size, index) => (index === axis ? change(size) : size));
}
