/** Names under which Keras is imported besides its own: all hold the same modules (Keras 3.15.1, TensorFlow 2.19). Longer ones stand first. */
const roots = [
  'keras._tf_keras.keras',
  'keras.api._v1.keras',
  'keras.api._v2.keras',
  'keras.api',
  'keras.src',
  'tensorflow.compat.v1.keras',
  'tensorflow.compat.v2.keras',
  'tensorflow.contrib.keras',
  'tensorflow.python.keras',
  'tensorflow.keras',
  'tf_keras.src',
  'tf_keras.api',
  'tf_keras',
];

/** Where Keras 2 kept what Keras 3 has elsewhere (Keras 2.0 to 2.15), and files of the package whose names are public elsewhere. */
const moved: Readonly<Record<string, string>> = {
  'keras.engine': 'keras.models',
  'keras.layers.experimental': 'keras.layers',
  'keras.ops.operation_utils': 'keras.utils',
  'keras.optimizers.experimental': 'keras.optimizers',
  'keras.optimizers.legacy': 'keras.optimizers',
  'keras.utils.generic_utils': 'keras.utils',
  'keras.utils.layer_utils': 'keras.utils',
  'keras.utils.np_utils': 'keras.utils',
  'keras.utils.vis_utils': 'keras.utils',
};

/** Files of `keras.layers` that Keras 2 let people import from. */
const layerFiles =
  /^keras\.layers\.(?:advanced_activations|attention|convolutional(?:_recurrent)?|core|cudnn_recurrent|embeddings|local|merge|merging|noise|normalization|normalization_v2|pooling|preprocessing|recurrent|recurrent_v2|regularization|reshaping|rnn|wrappers)\b/;

/** The module's name as Keras 3 itself says it: `tensorflow.keras.layers` is `keras.layers`. */
export function canonicalName(dotted: string): string {
  const root = roots.find((candidate) => dotted === candidate || dotted.startsWith(`${candidate}.`));
  const name = root === undefined ? dotted : `keras${dotted.slice(root.length)}`;
  if (layerFiles.test(name)) return 'keras.layers';
  const old = Object.keys(moved).find((candidate) => name === candidate || name.startsWith(`${candidate}.`));
  return old === undefined ? name : (moved[old] ?? name);
}

/** True for names inside the package's own files, which hold more than the public modules above them show. */
export function isPrivate(dotted: string): boolean {
  return /^(?:keras|tf_keras)\.src\.|^tensorflow\.python\.keras\./.test(dotted);
}
