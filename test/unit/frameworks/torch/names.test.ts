import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTorch, tensorsOf } from './readTorch';

const recorded = JSON.parse(readFileSync(join(__dirname, 'names', 'recorded.json'), 'utf8')) as {
  readonly torch: string;
  readonly names: Readonly<Record<string, readonly string[]>>;
};

/** What is unknown on purpose, by the reason. */
const groups: Readonly<Record<string, RegExp>> = {
  'kernels that other functions call':
    /^(batch_norm_(backward|elemt|gather|stats|update)\w*|(cudnn|miopen|mkldnn|fbgemm)_\w+|native_(batch_norm|dropout|group_norm|layer_norm|norm)|norm_except_dim|embedding_renorm_|(gru|lstm|rnn_tanh|rnn_relu)(_cell)?|convolution|constant_pad_nd|affine_grid_generator|grid_sampler_[23]d|feature_dropout_?|(alpha_|feature_alpha_)?dropout_|scaled_mm|grouped_mm|scaled_grouped_mm|(slice|unfold|alias|indices|values)_copy|slice_inverse)$/,
  'numbers in eight bits': /quantize|^q_|qscheme|int_repr|qparams|fused_moving_avg/,
  'sparse layouts': /sparse|^c?(col|crow|row)_indices|^(values|indices|dense_dim)$|^(sp|hsp|hs|ds|s|sspadd|sadd)mm$/,
  'scripts, symbols and dispatch':
    /^(sym_\w+|parse_\w+|unify_type_list|merge_type\w+|import_ir\w+|fork|wait|(has|handle)_torch_function\w*|boolean_dispatch|assert_int_or_pair|abstractmethod|T_destination|call_super_init|dump_patches|module_load|as_subclass)$/,
  'functions of functions': /^(cond|vmap|apply_|map_|map2_|transfer_parametrizations_and_params)$/,
  'factorisations in packed form': /^(eig|lstsq|symeig|solve|geqrf|orgqr|ormqr|lu|lu_solve|lu_unpack|lobpcg|ldl_\w+)$/,
  'where and how elements are stored':
    /^(const_data_ptr|data_ptr|dim_order|is_set_to|set_|resize\w*|stride|storage\w*|untyped_storage|record_stream|from_file|frombuffer|can_cast|promote_types|result_type|is_same_size|is_storage|to_mkldnn|to_padded_tensor)$/,
  'seldom in a network':
    /^(binomial|gradient|hash_tensor|histogram|histogramdd|unravel_index|index|fill_diagonal_|reinforce|unpack_sequence|unpad_sequence)$/,
  'bases and settings that nobody applies': /^(Container|RNNBase|RNNCellBase|LinearCrossEntropyOptions)$/,
  'parameters without a shape before the first run': /^Uninitialized/,
};

/** Objects on which a name is looked up, where it is not the package itself. */
const owners: Readonly<Record<string, string>> = {
  'torch.Tensor': 'torch.ones(2, 3)',
  'torch.nn.Module': 'torch.nn.Linear(2, 3)',
};

/** Whether anything is known of a name beyond itself: what is not says so, in place of its value or of what it gives. */
function unknownNames(owner: string, names: readonly string[]): readonly string[] {
  const place = owners[owner] ?? owner;
  const lines = names.flatMap((name, index) => [
    `name${index} = ${place}.${name}`,
    owner === 'torch.nn'
      ? `made${index} = name${index}()\nresult${index} = made${index}(torch.randn(2, 3))`
      : `result${index} = name${index}(torch.randn(2, 3))`,
  ]);
  const { framework, scope, session } = readTorch(
    `import torch\nimport ${owner.replace(/\.(Tensor|Module)$/, '')}\n${lines.join('\n')}\n`,
  );
  return names.filter((_, index) => {
    const values = [`name${index}`, `result${index}`].map((name) => scope.names.get(name));
    tensorsOf(framework, values[1]);
    const reasons = values.map((value) => (value?.kind === 'unknown' ? value.reason : ''));
    const nodes = values.flatMap((value) => (value ? framework.tensorsIn(value) : []));
    for (const { node } of nodes) {
      const operation = session.tracer.nodes[node]?.operation;
      if (operation?.kind === 'unknown') reasons.push(operation.reason);
    }
    return reasons.some((reason) => /is not known yet|has no attribute/.test(reason));
  });
}

suite(`torch: the names of PyTorch ${recorded.torch}`, () => {
  for (const [owner, names] of Object.entries(recorded.names)) {
    test(owner, () => {
      const wanted = names.filter((name) => !Object.values(groups).some((pattern) => pattern.test(name)));
      assert.deepEqual(unknownNames(owner, wanted), []);
    });
  }
});
