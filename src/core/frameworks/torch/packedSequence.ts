import type { Dim } from '../../network/network';
import type { TracedTensor } from '../../network/tracer';
import { makeTuple, none } from '../../python/make';
import type { ClassValue, Value } from '../../python/values';
import { sliceAxis, stack, swapAxes } from '../tensor/rearranging';
import { addUnknown, type Site } from '../tensor/trace';
import type { NativeFunction, TorchCall } from './call';
import { shaped } from './functions/shapeRule';
import { nativeClass } from './nativeClass';
import type { TorchState } from './state';

/** A packed sequence is followed as the padded tensor that it was packed from: the longest sequence is taken to fill it. */
export class PackedPayload {
  constructor(
    readonly padded: TracedTensor,
    readonly isBatchFirst: boolean,
  ) {}
}

/** PyTorch 2.13 `nn/utils/rnn.py`. */
export const packedSequenceClass: ClassValue = nativeClass('torch.nn.utils.rnn.PackedSequence', undefined, []);

export function packedOf(value: Value | undefined): PackedPayload | undefined {
  return value?.kind === 'instance' && value.payload instanceof PackedPayload ? value.payload : undefined;
}

/** The padded tensor with the batch axis where it is wanted. */
export function unpacked(state: TorchState, packed: PackedPayload, isBatchFirst: boolean, site: Site): TracedTensor {
  return packed.isBatchFirst === isBatchFirst ? packed.padded : swapAxes(state.session, packed.padded, 0, 1, site);
}

export function packedValue(state: TorchState, padded: TracedTensor, isBatchFirst: boolean, site: Site): Value {
  const shape = padded.shape && [undefined, ...padded.shape.slice(2)];
  const data = state.lazyTensor(shape, () =>
    addUnknown(state.session, 'the elements of a packed sequence are not followed', [padded], shape, site),
  );
  const payload = new PackedPayload(padded, isBatchFirst);
  return {
    kind: 'instance',
    class: packedSequenceClass,
    attributes: new Map([['data', data]]),
    payload,
    made: site.trail,
  };
}

export const packedSequenceFunctions: readonly NativeFunction[] = [
  rnnFunction('pack_padded_sequence', 'input, lengths, batch_first=False, enforce_sorted=True', (call) => {
    const input = call.tensor('input');
    const isBatchFirst = call.flag('batch_first');
    if (!input || isBatchFirst === undefined) return undefined;
    const longest = longestOf(call);
    const axis = isBatchFirst ? 1 : 0;
    const range = { from: 0, to: longest ?? 0, step: 1, drop: false };
    const cut = longest === undefined ? input : sliceAxis(call.state.session, input, axis, range, call.site());
    return packedValue(call.state, cut, isBatchFirst, call.site());
  }),
  rnnFunction('pad_packed_sequence', 'sequence, batch_first=False, padding_value=0.0, total_length=None', (call) => {
    const packed = packedOf(call.value('sequence'));
    const isBatchFirst = call.flag('batch_first');
    if (!packed || isBatchFirst === undefined) return undefined;
    const { state } = call;
    const padded = unpacked(state, packed, isBatchFirst, call.site());
    const batch = padded.shape?.[isBatchFirst ? 0 : 1];
    const reason = 'the lengths of the sequences are known only when the code runs';
    const lengths = state.lazyTensor([batch], () => addUnknown(state.session, reason, [padded], [batch], call.site()), {
      isInteger: true,
    });
    return makeTuple([state.tensorValue(padded), lengths]);
  }),
  rnnFunction('pad_sequence', "sequences, batch_first=False, padding_value=0.0, padding_side='right'", (call) =>
    padSequences(call, call.flag('batch_first') ?? false),
  ),
  rnnFunction('pack_sequence', 'sequences, enforce_sorted=True', (call) => {
    const padded = call.state.tensorOf(padSequences(call, false));
    return padded && packedValue(call.state, padded, false, call.site());
  }),
  rnnFunction('invert_permutation', 'permutation', (call) =>
    call.value('permutation')?.kind === 'none' ? none : shaped(call, call.payload('permutation')?.shape, 'integers'),
  ),
];

function rnnFunction(name: string, signature: string, call: NativeFunction['call']): NativeFunction {
  return { name: `torch.nn.utils.rnn.${name}`, signature, call };
}

function longestOf(call: TorchCall): number | undefined {
  const values = call.payload('lengths')?.facts.values ?? call.ints('lengths');
  return values && values.length > 0 ? Math.max(...values) : undefined;
}

/** Sequences of the same length are stacked; of different ones the shape is known. */
function padSequences(call: TorchCall, isBatchFirst: boolean): Value | undefined {
  const items = call.context.iterate(call.value('sequences') ?? none) ?? [];
  const tensors = items.map((item) => call.state.tensorOf(item)).filter((tensor) => tensor !== undefined);
  const [first] = tensors;
  if (!first || tensors.length < items.length) return undefined;
  const lengths = tensors.map(({ shape }) => shape?.[0]);
  if (lengths.every((length) => length !== undefined && length === lengths[0])) {
    return call.result(stack(call.state.session, tensors, isBatchFirst ? 0 : 1, call.site()));
  }
  const longest = lengths.reduce<Dim>(
    (most, length) => (typeof most === 'number' && typeof length === 'number' ? Math.max(most, length) : undefined),
    0,
  );
  const axes = isBatchFirst ? [tensors.length, longest] : [longest, tensors.length];
  const given = call.with(new Map([['tensors', makeTuple(items)]]));
  return shaped(given, first.shape && [...axes, ...first.shape.slice(1)]);
}
