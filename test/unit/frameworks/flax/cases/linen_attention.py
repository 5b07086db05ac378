from typing import Any, Optional

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import struct


@struct.dataclass
class TransformerConfig:
    vocab_size: int = 90
    emb_dim: int = 32
    num_heads: int = 4
    num_layers: int = 2
    qkv_dim: int = 32
    mlp_dim: int = 64
    max_len: int = 48
    dropout_rate: float = 0.1
    deterministic: bool = False
    kernel_init: Any = nn.initializers.xavier_uniform()
    bias_init: Any = nn.initializers.normal(stddev=1e-6)


class EncoderBlock(nn.Module):
    heads: int
    mlp_dim: int

    @nn.compact
    def __call__(self, x, *, deterministic=True):
        y = nn.LayerNorm()(x)
        y = nn.MultiHeadDotProductAttention(num_heads=self.heads, kernel_init=nn.initializers.xavier_uniform())(y, y)
        y = nn.Dropout(0.1)(y, deterministic=deterministic)
        x = x + y
        y = nn.LayerNorm()(x)
        y = nn.Dense(self.mlp_dim)(y)
        y = nn.gelu(y)
        y = nn.Dense(x.shape[-1])(y)
        return x + y


class VisionTransformer(nn.Module):
    patch: int = 8
    dim: int = 48
    depth: int = 3
    classes: int = 10

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(self.dim, (self.patch, self.patch), strides=(self.patch, self.patch), padding="VALID", name="embedding")(x)
        n, h, w, c = x.shape
        x = jnp.reshape(x, [n, h * w, c])
        cls = self.param("cls", nn.initializers.zeros, (1, 1, c))
        x = jnp.concatenate([jnp.tile(cls, [n, 1, 1]), x], axis=1)
        x = x + self.param("pos_embedding", nn.initializers.normal(stddev=0.02), (1, x.shape[1], c))
        for lyr in range(self.depth):
            x = EncoderBlock(heads=4, mlp_dim=4 * self.dim, name=f"encoderblock_{lyr}")(x)
        x = nn.LayerNorm(name="encoder_norm")(x)
        return nn.Dense(self.classes, kernel_init=nn.initializers.zeros, name="head")(x[:, 0])


class MlpBlock(nn.Module):
    config: TransformerConfig

    @nn.compact
    def __call__(self, inputs):
        cfg = self.config
        x = nn.Dense(cfg.mlp_dim, kernel_init=cfg.kernel_init, bias_init=cfg.bias_init)(inputs)
        x = nn.relu(x)
        x = nn.Dropout(rate=cfg.dropout_rate)(x, deterministic=cfg.deterministic)
        return nn.Dense(inputs.shape[-1], kernel_init=cfg.kernel_init, bias_init=cfg.bias_init)(x)


class DecoderLayer(nn.Module):
    config: TransformerConfig

    @nn.compact
    def __call__(self, inputs, decoder_mask=None):
        cfg = self.config
        x = nn.LayerNorm()(inputs)
        x = nn.MultiHeadDotProductAttention(
            num_heads=cfg.num_heads,
            qkv_features=cfg.qkv_dim,
            kernel_init=cfg.kernel_init,
            bias_init=cfg.bias_init,
            use_bias=False,
            dropout_rate=cfg.dropout_rate,
            deterministic=cfg.deterministic,
        )(x, x, mask=decoder_mask)
        x = nn.Dropout(rate=cfg.dropout_rate)(x, deterministic=cfg.deterministic)
        x = x + inputs
        z = nn.LayerNorm()(x)
        z = MlpBlock(config=cfg)(z)
        return x + z


class LanguageModel(nn.Module):
    """After the decoder of the billion-word example, with tied embeddings."""

    config: TransformerConfig

    @nn.compact
    def __call__(self, inputs):
        cfg = self.config
        mask = nn.make_causal_mask(inputs)
        embed = nn.Embed(cfg.vocab_size, cfg.emb_dim, embedding_init=nn.initializers.normal(stddev=1.0), name="embed")
        y = embed(inputs.astype("int32"))
        positions = nn.Embed(cfg.max_len, cfg.emb_dim)(jnp.arange(inputs.shape[1])[None, :])
        y = nn.Dropout(rate=cfg.dropout_rate)(y + positions, deterministic=cfg.deterministic)
        for lyr in range(cfg.num_layers):
            y = DecoderLayer(config=cfg, name=f"decoderblock_{lyr}")(y, mask)
        y = nn.LayerNorm(name="norm")(y)
        return embed.attend(y)


class HandAttention(nn.Module):
    """Queries, keys and values of one dense layer, the products written out."""

    dim: int
    heads: int

    @nn.compact
    def __call__(self, x):
        batch, length, _ = x.shape
        qkv = nn.Dense(3 * self.dim, use_bias=False)(x)
        q, k, v = jnp.split(qkv, 3, axis=-1)
        width = self.dim // self.heads
        q, k, v = (t.reshape(batch, length, self.heads, width).transpose(0, 2, 1, 3) for t in (q, k, v))
        scores = nn.softmax(q @ k.transpose(0, 1, 3, 2) / jnp.sqrt(width), axis=-1)
        y = (scores @ v).transpose(0, 2, 1, 3).reshape(batch, length, self.dim)
        return nn.Dense(self.dim)(y)


class EinsumAttention(nn.Module):
    heads: int = 2

    @nn.compact
    def __call__(self, x):
        width = x.shape[-1] // self.heads
        q = nn.DenseGeneral((self.heads, width), name="query")(x)
        k = nn.DenseGeneral((self.heads, width), name="key")(x)
        v = nn.DenseGeneral((self.heads, width), name="value")(x)
        weights = jax.nn.softmax(jnp.einsum("bqhd,bkhd->bhqk", q, k) / width**0.5)
        y = jnp.einsum("bhqk,bkhd->bqhd", weights, v)
        return nn.DenseGeneral(x.shape[-1], axis=(-2, -1), name="out")(y)


class Gpt(nn.Module):
    vocab: int = 70
    dim: int = 24

    def setup(self):
        self.tokens = nn.Embed(self.vocab, self.dim)
        self.positions = self.param("positions", nn.initializers.normal(0.02), (16, self.dim))
        self.attention = [HandAttention(self.dim, 3) for _ in range(2)]
        self.norms = [nn.LayerNorm() for _ in range(2)]
        self.einsum = EinsumAttention()
        self.head = nn.Dense(self.vocab, use_bias=False)

    def __call__(self, idx):
        x = self.tokens(idx) + self.positions[: idx.shape[1]]
        for norm, attention in zip(self.norms, self.attention):
            x = x + attention(norm(x))
        return self.head(self.einsum(x))


class MixerBlock(nn.Module):
    tokens_dim: int
    channels_dim: int

    @nn.compact
    def __call__(self, x):
        y = nn.LayerNorm()(x)
        y = jnp.swapaxes(y, 1, 2)
        y = MixerMlp(self.tokens_dim, name="token_mixing")(y)
        y = jnp.swapaxes(y, 1, 2)
        x = x + y
        y = nn.LayerNorm()(x)
        return x + MixerMlp(self.channels_dim, name="channel_mixing")(y)


class MixerMlp(nn.Module):
    width: int

    @nn.compact
    def __call__(self, x):
        y = nn.gelu(nn.Dense(self.width)(x))
        return nn.Dense(x.shape[-1])(y)


class Mixer(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Conv(20, (4, 4), strides=(4, 4), name="stem")(x)
        x = x.reshape(x.shape[0], -1, x.shape[-1])
        Block = nn.remat(MixerBlock)
        for _ in range(2):
            x = Block(10, 40)(x)
        x = nn.LayerNorm(name="pre_head_layer_norm")(x)
        return nn.Dense(6, name="head")(jnp.mean(x, axis=1))


class Crossed(nn.Module):
    """Keys of another width, fewer query features, normalised queries and keys."""

    @nn.compact
    def __call__(self, x, memory):
        y = nn.MultiHeadDotProductAttention(num_heads=2, qkv_features=16, out_features=10, normalize_qk=True)(x, memory)
        return nn.SelfAttention(num_heads=5)(nn.glu(nn.Dense(20)(y)))


key = jax.random.key(2)
vit = VisionTransformer()
vit_input = jnp.ones((2, 32, 32, 3))
vit.init(key, vit_input)
language = LanguageModel(TransformerConfig())
language_input = jnp.ones((2, 20), jnp.int32)
language.init({"params": key, "dropout": key}, language_input)
gpt = Gpt()
gpt_input = jnp.ones((2, 12), jnp.int32)
gpt.init(key, gpt_input)
mixer = Mixer()
mixer_input = jnp.ones((2, 16, 16, 3))
mixer.init(key, mixer_input)
crossed = Crossed()
crossed_input = (jnp.ones((2, 7, 12)), jnp.ones((2, 9, 14)))
crossed.init(key, *crossed_input)
