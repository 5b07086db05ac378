import type { Dim, ParameterUse } from '../../../network/network';
import { elementCount } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { sizesOf } from '../../numpy/arrays';
import { einsumTensors } from '../../tensor/einsum';
import { applyElementwise } from '../../tensor/elementwise';
import { reshapeTo } from '../../tensor/rearranging';
import type { LayerCall } from '../layerCall';

/** An equation with letters in place of `...`, and the size of every letter. */
interface Equation {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
  /** Axes that stand for `...` after the written ones. */
  readonly trailing: number;
  readonly sizes: ReadonlyMap<string, Dim>;
}

const form = /^(\.\.\.)?([A-Za-z]+)(\.\.\.)?,([A-Za-z]+)->(\.\.\.)?([A-Za-z]+)(\.\.\.)?$/;

/** A dense layer by an equation (Keras 3.15.1, layers/core/einsum_dense.py). */
export function einsumDense(call: LayerCall): TracedTensor | undefined {
  const { input } = call;
  const equation = call.text('equation')?.replace(/\s/g, '');
  if (!input || equation === undefined) return undefined;
  const parsed = equationOf(call, equation, input);
  if (!parsed) return call.unknown(`the equation ${equation} of ${call.own.name} does not fit its input`, undefined);
  const shape = [...parsed.output].map((label) => parsed.sizes.get(label));
  const kernelShape = [...parsed.kernel].map((label) => parsed.sizes.get(label));
  if (!kernelShape.every((size) => typeof size === 'number')) {
    return call.unknown(`the number of inputs of ${call.own.name} is not known`, shape);
  }
  const dense = denseOf(call, parsed, input, kernelShape);
  if (dense) return call.activated(dense);
  const kernel = call.parameter({ name: 'kernel', role: 'value', ...kernelOf(parsed, kernelShape) });
  const { kernel: labels, output } = parsed;
  const product = einsumTensors(call.session, `${parsed.input},${labels}->${output}`, [input, kernel], call.site());
  const result = product?.tensor ?? call.unknown(`the equation ${equation} is not followed yet`, shape);
  const bias = biasShape(call, parsed);
  if (!bias) return call.activated(result);
  const shift = call.parameter({ name: 'bias', role: 'value', shape: bias, argument: 'bias_initializer' });
  return call.activated(applyElementwise(call.session, 'add', [result, shift], call.site('bias_add')));
}

function equationOf(call: LayerCall, equation: string, { shape }: TracedTensor): Equation | undefined {
  const match = form.exec(equation);
  const given = sizesOf(call.value('output_shape'), call.context);
  if (!match || !shape || !given) return undefined;
  const [, leading, input = '', trailing, kernel = '', , output = ''] = match;
  const elided = shape.length - input.length;
  if (elided < 0 || (elided > 0 && !leading && !trailing)) return undefined;
  const spare = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'].filter(
    (label) => !equation.includes(label),
  );
  const filling = spare.slice(0, elided).join('');
  const [before, after] = leading ? [filling, ''] : ['', filling];
  const whole = { input: before + input + after, kernel, output: before + output + after, trailing: after.length };
  const sizes = new Map<string, Dim>([...whole.input].map((label, axis) => [label, shape[axis]]));
  // The first size of the output is the batch; the others stand for the axes that follow it.
  const outputLabels = whole.output.slice(Math.max(1, before.length));
  for (const [axis, label] of [...outputLabels].entries()) {
    const size = given[axis];
    if (!sizes.has(label) && size !== undefined) sizes.set(label, size);
  }
  return { ...whole, sizes };
}

/** A plain dense layer between reshapes, where the kernel takes the last axes of the input to the last of the output. */
function denseOf(
  call: LayerCall,
  equation: Equation,
  input: TracedTensor,
  kernelShape: readonly number[],
): TracedTensor | undefined {
  const { kernel, output, sizes } = equation;
  const summed = [...kernel].filter((label) => !output.includes(label)).join('');
  const made = kernel.slice(summed.length);
  const kept = equation.input.slice(0, equation.input.length - summed.length);
  const isDense = kernel.startsWith(summed) && equation.input === kept + summed && output === kept + made;
  const biasAxes = call.isNone('bias_axes') ? '' : call.text('bias_axes');
  if (!isDense || summed === '' || made === '' || (biasAxes !== '' && biasAxes !== made)) return undefined;
  const inFeatures = elementCount(kernelShape.slice(0, summed.length));
  const outFeatures = elementCount(kernelShape.slice(summed.length));
  if (typeof inFeatures !== 'number' || typeof outFeatures !== 'number') return undefined;
  const parameters: ParameterUse[] = [
    call.weight({
      name: 'kernel',
      role: 'weight',
      ...kernelOf(equation, kernelShape),
      stored: [outFeatures, inFeatures],
    }),
  ];
  if (biasAxes !== '') {
    const shape = kernelShape.slice(summed.length);
    parameters.push(
      call.weight({ name: 'bias', role: 'bias', shape, stored: [outFeatures], argument: 'bias_initializer' }),
    );
  }
  const batch = [...kept].map((label) => sizes.get(label));
  const merged = reshapeTo(call.session, input, [...batch, inFeatures], call.site('merge'));
  const label = `EinsumDense(${inFeatures}, ${outFeatures})`;
  const result = call.add(
    { kind: 'linear', inFeatures, outFeatures },
    [merged],
    [...batch, outFeatures],
    parameters,
    undefined,
    label,
  );
  return reshapeTo(call.session, result, [...batch, ...kernelShape.slice(summed.length)], call.site('split'));
}

/** Fans are those of the matrix from summed to new axes (Keras 3.15 `EinsumDense._update_kernel_initializer`). */
function kernelOf({ kernel, output }: Equation, shape: readonly number[]) {
  const sizesWhere = (isOutput: boolean) =>
    shape.filter((_, axis) => output.includes(kernel[axis] ?? '') === isOutput).reduce((a, b) => a * b, 1);
  return { shape, fans: { fanIn: sizesWhere(false), fanOut: sizesWhere(true) }, argument: 'kernel_initializer' };
}

/** From the first axis that has a bias to the last of the output; 1 where there is none. */
function biasShape(call: LayerCall, { output, trailing, sizes }: Equation): readonly number[] | undefined {
  const axes = call.text('bias_axes');
  if (!axes) return undefined;
  const first = Math.min(...[...axes].map((label) => output.indexOf(label)));
  if (first < 0) return undefined;
  const shape = [...output.slice(first)].map((label) => (axes.includes(label) ? sizes.get(label) : 1));
  const isKnown = shape.every((size) => typeof size === 'number');
  return isKnown && trailing >= 0 ? shape : undefined;
}
