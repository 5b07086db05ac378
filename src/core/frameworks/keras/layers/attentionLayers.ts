import type { LayerTypes } from '../layerCall';
import { additiveAttention, dotAttention } from './dotAttention';
import { groupQueryAttention } from './groupQueryAttention';
import { multiHeadAttention } from './multiHeadAttention';

/** Attention. Signatures and weights: Keras 3.15.1, layers/attention. */
export const attentionLayers: LayerTypes = {
  MultiHeadAttention: {
    signature:
      "num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True, output_shape=None, attention_axes=None, sliding_window=None, flash_attention=None, kernel_initializer='glorot_uniform', bias_initializer='zeros'",
    call: multiHeadAttention,
    inner: ['Softmax', 'Dropout'],
  },
  GroupedQueryAttention: {
    signature:
      "head_dim, num_query_heads, num_key_value_heads, dropout=0.0, use_bias=True, sliding_window=None, flash_attention=None, kernel_initializer='glorot_uniform', bias_initializer='zeros', kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None, use_gate=False, seed=None",
    aliases: ['GroupQueryAttention'],
    call: groupQueryAttention,
    inner: ['Softmax', 'Dropout'],
  },
  Attention: { signature: "use_scale=False, score_mode='dot', dropout=0.0, seed=None", call: dotAttention },
  AdditiveAttention: { signature: 'use_scale=True, dropout=0.0', call: additiveAttention },
};
