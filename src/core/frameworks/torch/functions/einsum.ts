import type { Dim } from '../../../network/network';
import { multiplyDims } from '../../../network/shapes';
import type { TracedTensor } from '../../../network/tracer';
import { matmul, reduce } from '../../tensor/combining';
import { permute, reshapeTo } from '../../tensor/rearranging';
import type { NativeFunction, TorchCall } from '../call';

/** `torch.einsum` of two tensors as a matrix product between permutations, of one as permutation and sum. */
export const einsum: NativeFunction = {
  name: 'torch.einsum',
  signature: 'equation, *operands',
  call: (call) => {
    const equation = call.text('equation')?.replaceAll(' ', '');
    const [only] = call.args.rest;
    const given =
      call.args.rest.length === 1 && only && only.kind !== 'instance' ? call.context.iterate(only) : call.args.rest;
    const tensors = given?.map((value) => call.state.tensorOf(value)).filter((tensor) => tensor !== undefined);
    const [sources, target] = equation?.split('->') ?? [];
    const terms = sources?.split(',');
    if (!tensors || !terms || target === undefined || terms.length !== tensors.length) return undefined;
    const sizes = labelSizes(terms, tensors);
    if (!sizes) return undefined;
    const shape = [...target].map((label) => sizes.get(label));
    const [first, second] = tensors;
    const [left = '', right = ''] = terms;
    const isPlain = terms.every((term) => new Set(term).size === term.length);
    if (first && tensors.length === 1 && isPlain) return call.result(contractOne(call, first, left, target));
    if (first && second && tensors.length === 2 && isPlain) {
      const result = contractTwo(call, first, left, second, right, target, sizes);
      if (result) return call.result(result);
    }
    return call.unknown(`torch.einsum('${equation}') is not followed`, shape);
  },
};

function labelSizes(terms: readonly string[], tensors: readonly TracedTensor[]): Map<string, Dim> | undefined {
  const sizes = new Map<string, Dim>();
  for (const [index, term] of terms.entries()) {
    const shape = tensors[index]?.shape;
    if (shape?.length !== term.length || !/^[A-Za-z]*$/.test(term)) return undefined;
    for (const [axis, label] of [...term].entries()) sizes.set(label, sizes.get(label) ?? shape[axis]);
  }
  return sizes;
}

function contractOne(call: TorchCall, tensor: TracedTensor, term: string, target: string): TracedTensor {
  const { session } = call.state;
  const summed = [...term].flatMap((label, axis) => (target.includes(label) ? [] : [axis]));
  const kept = [...term].filter((label) => target.includes(label));
  const reduced = summed.length > 0 ? reduce(session, 'sum', tensor, summed, false, call.site()) : tensor;
  return ordered(call, reduced, kept.join(''), target);
}

/** [batch, left, summed] × [batch, summed, right], each group of axes merged into one. */
function contractTwo(
  call: TorchCall,
  first: TracedTensor,
  left: string,
  second: TracedTensor,
  right: string,
  target: string,
  sizes: ReadonlyMap<string, Dim>,
): TracedTensor | undefined {
  const shared = [...left].filter((label) => right.includes(label));
  const batch = shared.filter((label) => target.includes(label));
  const summed = shared.filter((label) => !target.includes(label));
  const onlyLeft = [...left].filter((label) => !right.includes(label));
  const onlyRight = [...right].filter((label) => !left.includes(label));
  if ([...onlyLeft, ...onlyRight].some((label) => !target.includes(label)) || summed.length === 0) return undefined;
  const size = (labels: readonly string[]) => labels.map((label) => sizes.get(label)).reduce<Dim>(multiplyDims, 1);
  const batchSizes = batch.map((label) => sizes.get(label));
  const merge = (tensor: TracedTensor, term: string, rows: readonly string[], columns: readonly string[]) =>
    reshapeTo(
      call.state.session,
      ordered(call, tensor, term, [...batch, ...rows, ...columns].join('')),
      [...batchSizes, size(rows), size(columns)],
      call.site(),
    );
  const product = matmul(
    call.state.session,
    merge(first, left, onlyLeft, summed),
    merge(second, right, summed, onlyRight),
    call.site(),
  );
  const labels = [...batch, ...onlyLeft, ...onlyRight];
  const split = reshapeTo(
    call.state.session,
    product,
    labels.map((label) => sizes.get(label)),
    call.site(),
  );
  return ordered(call, split, labels.join(''), target);
}

function ordered(call: TorchCall, tensor: TracedTensor, from: string, to: string): TracedTensor {
  if (from === to) return tensor;
  const order = [...to].map((label) => from.indexOf(label));
  return permute(call.state.session, tensor, order, call.site());
}
