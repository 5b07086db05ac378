"""Writes layers.json: what Keras itself says of its layers with ordinary arguments. Needs keras and torch (CPU).

A row: the expression of the layer, the shapes of its inputs without the batch axis, and what stands in the call beside the inputs.
"""

import json
import math
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from keras import layers, ops

image, volume, series, flat = (8, 10, 3), (6, 8, 7, 2), (12, 5), (20,)

rows = [
    ("layers.Activation('relu')", [flat]),
    ("layers.ActivityRegularization(l2=0.1)", [flat]),
    ("layers.AdaptiveAveragePooling1D(3)", [series]),
    ("layers.AdaptiveAveragePooling2D((4, 5))", [image]),
    ("layers.AdaptiveAveragePooling3D(2)", [volume]),
    ("layers.AdaptiveMaxPooling1D(4)", [series]),
    ("layers.AdaptiveMaxPooling2D(2)", [image]),
    ("layers.AdaptiveMaxPooling3D((3, 2, 1))", [volume]),
    ("layers.Add()", [flat, flat, flat]),
    ("layers.AdditiveAttention()", [(7, 6), (9, 6)]),
    ("layers.AdditiveAttention(use_scale=False)", [(7, 6), (9, 6), (9, 6)]),
    ("layers.AlphaDropout(0.2)", [flat]),
    ("layers.Attention()", [(7, 6), (9, 6)]),
    ("layers.Attention(use_scale=True)", [(7, 6), (9, 6)]),
    ("layers.Attention(score_mode='concat', dropout=0.1)", [(7, 6), (9, 6), (9, 6)]),
    ("layers.AugMix()", [image]),
    ("layers.AutoContrast()", [image]),
    ("layers.Average()", [series, series]),
    ("layers.AveragePooling1D(3, strides=2, padding='same')", [series]),
    ("layers.AveragePooling2D((2, 3))", [image]),
    ("layers.AveragePooling3D(2)", [volume]),
    ("layers.BatchNormalization()", [image]),
    ("layers.BatchNormalization(axis=1, center=False)", [series]),
    ("layers.BatchNormalization(scale=False)", [flat]),
    ("layers.Bidirectional(layers.LSTM(4))", [series]),
    ("layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode='sum')", [series]),
    ("layers.Bidirectional(layers.SimpleRNN(3), backward_layer=layers.SimpleRNN(3, go_backwards=True))", [series]),
    ("layers.Bidirectional(layers.LSTM(4, return_sequences=True, return_state=True))", [series]),
    ("layers.CategoryEncoding(num_tokens=7, output_mode='multi_hot')", [(4,)]),
    ("layers.CategoryEncoding(num_tokens=7, output_mode='one_hot')", [(1,)]),
    ("layers.CategoryEncoding(num_tokens=7, output_mode='one_hot')", [(4,)]),
    ("layers.CenterCrop(4, 5)", [image]),
    ("layers.Concatenate(axis=1)", [(3, 4), (5, 4)]),
    ("layers.ContrastLimitedAdaptiveHistogramEqualization()", [(16, 16, 3)]),
    ("layers.Conv1D(6, 3, padding='causal', dilation_rate=2)", [series]),
    ("layers.Conv1D(6, 4, strides=2, groups=1, padding='same')", [series]),
    ("layers.Conv1DTranspose(6, 4, strides=3, padding='same')", [series]),
    ("layers.Conv2D(6, (3, 2), strides=(2, 1), activation='relu')", [image]),
    ("layers.Conv2D(4, 3, data_format='channels_first')", [image]),
    ("layers.Conv2D(9, 3, groups=3, use_bias=False)", [image]),
    ("layers.Conv2DTranspose(6, 3, strides=2, output_padding=1)", [image]),
    ("layers.Conv2DTranspose(6, 5, strides=2, padding='same', dilation_rate=1)", [image]),
    ("layers.Conv3D(6, 3, padding='same')", [volume]),
    ("layers.Conv3DTranspose(6, 3, strides=2)", [volume]),
    ("layers.ConvLSTM1D(4, 3)", [(5, 12, 2)]),
    ("layers.ConvLSTM2D(4, (3, 2), return_sequences=True)", [(5, 8, 9, 2)]),
    ("layers.ConvLSTM2D(4, 3, padding='same', strides=2)", [(5, 8, 9, 2)]),
    ("layers.ConvLSTM3D(4, 3, use_bias=False, padding='same')", [(5, 4, 6, 5, 2)]),
    ("layers.Cropping1D((1, 2))", [series]),
    ("layers.Cropping2D(((1, 2), (0, 3)))", [image]),
    ("layers.Cropping3D((1, 2, 1))", [volume]),
    ("layers.Dense(7, activation='selu')", [series]),
    ("layers.Dense(7, use_bias=False, kernel_regularizer='l2', kernel_constraint='non_neg')", [flat]),
    ("layers.DepthwiseConv1D(3, depth_multiplier=2)", [series]),
    ("layers.DepthwiseConv2D(3, strides=2, padding='same', use_bias=False)", [image]),
    ("layers.Discretization([-1.0, 0.0, 1.0])", [flat]),
    ("layers.Discretization([-1.0, 0.0, 1.0], output_mode='multi_hot')", [(4,)]),
    ("layers.Dot(axes=1)", [flat, flat]),
    ("layers.Dot(axes=(2, 1))", [(4, 5), (5, 6)]),
    ("layers.Dot(axes=2, normalize=True)", [(4, 5), (6, 5)]),
    ("layers.Dot(axes=1)", [(4, 5), (4, 5)]),
    ("layers.Dropout(0.5, noise_shape=(None, 1, 5))", [series]),
    ("layers.ELU(alpha=0.3)", [flat]),
    ("layers.EinsumDense('ab,bc->ac', output_shape=6, bias_axes='c')", [flat]),
    ("layers.EinsumDense('...x,xy->...y', output_shape=6, bias_axes='y')", [series]),
    ("layers.EinsumDense('abc,cde->abde', output_shape=(None, 4, 6), bias_axes='de', activation='relu')", [series]),
    ("layers.EinsumDense('abcd,cde->abe', output_shape=(None, 6))", [image]),
    ("layers.EinsumDense('abc,bd->adc', output_shape=(7, None), bias_axes='d')", [series]),
    ("layers.EinsumDense('bqm,muh->bquh', output_shape=(None, 2, 3), bias_axes='uh')", [series]),
    ("layers.Embedding(11, 6)", [(4,)]),
    ("layers.Embedding(11, 6, mask_zero=True)", [(4, 3)]),
    ("layers.Equalization()", [image]),
    ("layers.Flatten()", [image]),
    ("layers.GRU(6, return_sequences=True)", [series]),
    ("layers.GRU(6, reset_after=False, use_bias=False)", [series]),
    ("layers.GRU(6, return_state=True)", [series]),
    ("layers.GRUCell(6)", [(5,), (6,)], "cell"),
    ("layers.GRUCell(6, reset_after=False)", [(5,), (6,)], "cell"),
    ("layers.GaussianDropout(0.3)", [flat]),
    ("layers.GaussianNoise(0.3)", [flat]),
    ("layers.GlobalAveragePooling1D()", [series]),
    ("layers.GlobalAveragePooling2D(keepdims=True)", [image]),
    ("layers.GlobalAveragePooling3D(data_format='channels_first')", [volume]),
    ("layers.GlobalMaxPooling1D()", [series]),
    ("layers.GlobalMaxPooling2D()", [image]),
    ("layers.GlobalMaxPooling3D()", [volume]),
    ("layers.GroupNormalization(3)", [(8, 8, 6)]),
    ("layers.GroupNormalization(-1, scale=False)", [(8, 8, 6)]),
    ("layers.GroupQueryAttention(4, 6, 3)", [(7, 10), (9, 10)], "query"),
    ("layers.GroupQueryAttention(4, 6, 2, use_bias=False)", [(7, 10), (9, 10)], "query"),
    ("layers.GroupQueryAttention(4, 6, 2, use_gate=True)", [(7, 10), (9, 10)], "query"),
    ("layers.Identity()", [flat]),
    ("layers.LSTM(6)", [series]),
    ("layers.LSTM(6, return_sequences=True, unit_forget_bias=False, dropout=0.1, recurrent_dropout=0.1)", [series]),
    ("layers.LSTM(6, return_state=True, go_backwards=True)", [series]),
    ("layers.LSTMCell(6)", [(5,), (6,), (6,)], "cell"),
    ("layers.Lambda(lambda t: ops.mean(t, axis=-1, keepdims=True) * 2.0)", [series]),
    ("layers.LayerNormalization()", [series]),
    ("layers.LayerNormalization(axis=[1, 2], scale=False)", [series]),
    ("layers.LayerNormalization(center=False, epsilon=1e-6)", [image]),
    ("layers.LeakyReLU(negative_slope=0.1)", [flat]),
    ("layers.Masking(mask_value=0.5)", [series]),
    ("layers.MaxPooling1D(2, strides=1)", [series]),
    ("layers.MaxPooling2D(3, strides=2, padding='same')", [image]),
    ("layers.MaxPooling2D(2, data_format='channels_first')", [image]),
    ("layers.MaxPooling3D((2, 2, 1))", [volume]),
    ("layers.Maximum()", [flat, flat]),
    ("layers.MelSpectrogram(num_mel_bins=20, fft_length=64, sequence_stride=16)", [(400,)]),
    ("layers.Minimum()", [flat, flat]),
    ("layers.MultiHeadAttention(2, 3)", [(7, 6), (9, 6)], "query"),
    ("layers.MultiHeadAttention(2, 5, value_dim=4, use_bias=False)", [(7, 6), (9, 8)], "query"),
    ("layers.MultiHeadAttention(2, 5, output_shape=11)", [(7, 6), (9, 6)], "query"),
    ("layers.MultiHeadAttention(3, 5, attention_axes=(1, 2))", [(4, 5, 6), (4, 5, 6)], "query"),
    ("layers.MultiHeadAttention(3, 5, attention_axes=1)", [(4, 5, 6), (4, 5, 6)], "query"),
    ("layers.Multiply()", [series, (12, 1)]),
    ("layers.Normalization()", [series]),
    ("layers.Normalization(axis=None)", [series]),
    ("layers.Normalization(mean=3.0, variance=2.0)", [series]),
    ("layers.PReLU()", [image]),
    ("layers.PReLU(shared_axes=[1, 2], alpha_initializer='ones')", [image]),
    ("layers.Permute((2, 1))", [series]),
    ("layers.Pipeline([layers.Rescaling(2.0), layers.RandomFlip()])", [image]),
    ("layers.RMSNormalization()", [series]),
    ("layers.RMSNormalization(axis=[1, 2])", [series]),
    ("layers.RNN(layers.LSTMCell(4))", [series]),
    ("layers.RNN(layers.GRUCell(4), return_sequences=True)", [series]),
    ("layers.RNN([layers.LSTMCell(4), layers.LSTMCell(3)], return_sequences=True)", [series]),
    ("layers.RNN(layers.StackedRNNCells([layers.GRUCell(4), layers.SimpleRNNCell(3)]))", [series]),
    ("layers.RandAugment()", [image]),
    ("layers.RandomBrightness(0.2)", [image]),
    ("layers.RandomColorDegeneration(0.2)", [image]),
    ("layers.RandomColorJitter(brightness_factor=0.2)", [image]),
    ("layers.RandomContrast(0.2)", [image]),
    ("layers.RandomCrop(4, 5)", [image]),
    ("layers.RandomElasticTransform(0.2)", [image]),
    ("layers.RandomErasing()", [image]),
    ("layers.RandomFlip('horizontal')", [image]),
    ("layers.RandomGaussianBlur()", [image]),
    ("layers.RandomGrayscale()", [image]),
    ("layers.RandomHue(0.2)", [image]),
    ("layers.RandomInvert()", [image]),
    ("layers.RandomPerspective()", [image]),
    ("layers.RandomPosterization(4)", [image]),
    ("layers.RandomRotation(0.2)", [image]),
    ("layers.RandomSaturation(0.2)", [image]),
    ("layers.RandomSharpness(0.2)", [image]),
    ("layers.RandomShear(0.2)", [image]),
    ("layers.RandomTranslation(0.2, 0.2)", [image]),
    ("layers.RandomZoom(0.2)", [image]),
    ("layers.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.3)", [flat]),
    ("layers.RepeatVector(3)", [flat]),
    ("layers.Rescaling(0.1, offset=[1.0, 2.0, 3.0])", [image]),
    ("layers.Reshape((4, -1))", [flat]),
    ("layers.Resizing(4, 5)", [image]),
    ("layers.Resizing(16, 20, interpolation='nearest', crop_to_aspect_ratio=True)", [image]),
    ("layers.ReversibleEmbedding(11, 6)", [(4,)]),
    ("layers.ReversibleEmbedding(11, 6, tie_weights=False)", [(4,)]),
    ("layers.STFTSpectrogram(frame_length=32, frame_step=16)", [(400, 1)]),
    ("layers.STFTSpectrogram(mode='real', frame_length=32, fft_length=64, padding='same')", [(400, 2)]),
    ("layers.SeparableConv1D(6, 3, depth_multiplier=2)", [series]),
    ("layers.SeparableConv2D(6, 3, strides=2, padding='same', use_bias=False)", [image]),
    ("layers.SimpleRNN(6, return_sequences=True, activation='relu')", [series]),
    ("layers.SimpleRNN(6, use_bias=False)", [series]),
    ("layers.SimpleRNNCell(6)", [(5,), (6,)], "cell"),
    ("layers.Softmax(axis=1)", [series]),
    ("layers.Solarization()", [image]),
    ("layers.SpatialDropout1D(0.2)", [series]),
    ("layers.SpatialDropout2D(0.2)", [image]),
    ("layers.SpatialDropout3D(0.2)", [volume]),
    ("layers.SpectralNormalization(layers.Dense(4))", [flat]),
    ("layers.SpectralNormalization(layers.Conv2D(4, 3), power_iterations=2)", [image]),
    ("layers.Subtract()", [flat, flat]),
    ("layers.TimeDistributed(layers.Conv2D(4, 3))", [(5, 8, 9, 2)]),
    ("layers.TimeDistributed(layers.Dense(4))", [series]),
    ("layers.TimeDistributed(layers.Flatten())", [volume]),
    ("layers.UnitNormalization()", [series]),
    ("layers.UnitNormalization(axis=[1, 2])", [series]),
    ("layers.UpSampling1D(3)", [series]),
    ("layers.UpSampling2D((2, 3), interpolation='bilinear')", [image]),
    ("layers.UpSampling3D(2)", [volume]),
    ("layers.ZeroPadding1D(2)", [series]),
    ("layers.ZeroPadding2D(((1, 0), (2, 3)))", [image]),
    ("layers.ZeroPadding2D(1, data_format='channels_first')", [image]),
    ("layers.ZeroPadding3D((1, 2, 3))", [volume]),
]


def call(layer, inputs, form):
    if form == "query":
        return layer(*inputs)
    if form == "cell":
        return layer(inputs[0], list(inputs[1:]))
    return layer(inputs if len(inputs) > 1 else inputs[0])


def shapes(value):
    tensors = value if isinstance(value, (list, tuple)) else [value]
    flat = [part for tensor in tensors for part in (tensor if isinstance(tensor, (list, tuple)) else [tensor])]
    return [list(tensor.shape)[1:] for tensor in flat]


result = []
for expression, inputs, *form in rows:
    keras.utils.clear_session()
    layer = eval(expression)
    outputs = call(layer, [keras.Input(shape) for shape in inputs], *(form or [None]))
    count = lambda weights: sum(math.prod(weight.shape) for weight in weights)
    result.append(
        {
            "layer": expression,
            "inputs": inputs,
            **({"form": form[0]} if form else {}),
            "parameters": count(layer.weights),
            "trainable": count(layer.trainable_weights),
            "weights": len(layer.weights),
            "outputs": shapes(outputs),
        }
    )
here = pathlib.Path(__file__).parent
versions = {"keras": keras.__version__, "torch": torch.__version__.split("+")[0]}
lines = ",\n".join(" " + json.dumps(row) for row in result)
(here / "layers.json").write_text(f'{{"versions": {json.dumps(versions)}, "layers": [\n{lines}\n]}}\n')
