import { parseSignature } from '../../python/arguments';
import { makeStr, makeTuple } from '../../python/make';
import type { CallArguments, Value } from '../../python/values';

/** What Keras 1 called arguments that have other names today (Keras 2.3.1, legacy/interfaces.py). */
const formerNames: Readonly<Record<string, string>> = {
  W_constraint: 'kernel_constraint',
  W_regularizer: 'kernel_regularizer',
  U_regularizer: 'recurrent_regularizer',
  b_constraint: 'bias_constraint',
  b_regularizer: 'bias_regularizer',
  atrous_rate: 'dilation_rate',
  bias: 'use_bias',
  border_mode: 'padding',
  dim_ordering: 'data_format',
  dropout_U: 'recurrent_dropout',
  dropout_W: 'dropout',
  filter_length: 'kernel_size',
  init: 'kernel_initializer',
  inner_activation: 'recurrent_activation',
  inner_init: 'recurrent_initializer',
  nb_filter: 'filters',
  output_dim: 'units',
  p: 'rate',
  pool_length: 'pool_size',
  sigma: 'stddev',
  subsample: 'strides',
  subsample_length: 'strides',
};

const formerValues: Readonly<Record<string, string>> = { tf: 'channels_last', th: 'channels_first' };

/** The arguments under the names of the signature: those of Keras 1 are taken where it does not have them itself. */
export function withPresentNames(signature: string, args: CallArguments): CallArguments {
  const names = new Set(parseSignature(signature).map(({ name }) => name));
  const isFormer = (name: string) => !names.has(name) && (Object.hasOwn(formerNames, name) || name === 'nb_row');
  if (![...args.named.keys()].some(isFormer)) return args;
  const named = new Map<string, Value>();
  const namedSpans = new Map(args.namedSpans);
  for (const [name, value] of args.named) {
    const present = names.has(name) ? undefined : formerNames[name];
    if (present === undefined || !names.has(present) || args.named.has(present)) {
      named.set(name, value);
      continue;
    }
    named.set(present, value.kind === 'str' ? makeStr(formerValues[value.value] ?? value.value) : value);
    const span = args.namedSpans.get(name);
    if (span) namedSpans.set(present, span);
  }
  const rows = named.get('nb_row');
  const columns = named.get('nb_col');
  if (rows && columns && names.has('kernel_size')) named.set('kernel_size', makeTuple([rows, columns]));
  return { ...args, named, namedSpans };
}
