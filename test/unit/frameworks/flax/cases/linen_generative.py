import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import random


class Encoder(nn.Module):
    latents: int

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(100, name="fc1")(x)
        x = nn.relu(x)
        mean_x = nn.Dense(self.latents, name="fc2_mean")(x)
        logvar_x = nn.Dense(self.latents, name="fc2_logvar")(x)
        return mean_x, logvar_x


class Decoder(nn.Module):
    @nn.compact
    def __call__(self, z):
        z = nn.Dense(100, name="fc1")(z)
        z = nn.relu(z)
        return nn.Dense(196, name="fc2")(z)


class VAE(nn.Module):
    latents: int = 12

    def setup(self):
        self.encoder = Encoder(self.latents)
        self.decoder = Decoder()

    def __call__(self, x, z_rng):
        mean, logvar = self.encoder(x)
        z = reparameterize(z_rng, mean, logvar)
        return self.decoder(z), mean, logvar

    def generate(self, z):
        return nn.sigmoid(self.decoder(z))


def reparameterize(rng, mean, logvar):
    std = jnp.exp(0.5 * logvar)
    eps = random.normal(rng, logvar.shape)
    return mean + eps * std


class Generator(nn.Module):
    width: int = 16
    training: bool = True

    @nn.compact
    def __call__(self, z):
        x = z.reshape((z.shape[0], 1, 1, z.shape[-1]))
        for mult, stride, padding in ((4, (1, 1), "VALID"), (2, (2, 2), "SAME"), (1, (2, 2), "SAME")):
            x = nn.ConvTranspose(
                self.width * mult, (4, 4), strides=stride, padding=padding, use_bias=False, kernel_init=nn.initializers.normal(0.02)
            )(x)
            x = nn.BatchNorm(use_running_average=not self.training, momentum=0.1)(x)
            x = nn.relu(x)
        return jnp.tanh(nn.ConvTranspose(3, (4, 4), strides=(2, 2), padding="SAME")(x))


class Discriminator(nn.Module):
    width: int = 16

    @nn.compact
    def __call__(self, x):
        for i in range(3):
            x = nn.Conv(self.width * 2**i, kernel_size=[4, 4], strides=[2, 2], padding=((1, 1), (1, 1)))(x)
            x = nn.leaky_relu(x, negative_slope=0.2)
        return nn.Dense(1)(x.reshape(x.shape[0], -1))


class ConvAutoencoder(nn.Module):
    def setup(self):
        self.encoder = nn.Sequential([nn.Conv(8, (3, 3), 2), nn.relu, nn.Conv(16, (3, 3), 2), nn.relu])
        self.bottleneck = nn.Dense(10)
        self.decoder = [nn.Dense(7 * 7 * 16), nn.ConvTranspose(8, (3, 3), (2, 2)), nn.ConvTranspose(1, (3, 3), (2, 2))]

    def encode(self, x):
        return self.bottleneck(self.encoder(x).reshape(x.shape[0], -1))

    def __call__(self, x):
        z = self.encode(x)
        y = nn.relu(self.decoder[0](z)).reshape(-1, 7, 7, 16)
        return self.decoder[2](nn.relu(self.decoder[1](y)))


class ActorCritic(nn.Module):
    """After the proximal policy example."""

    num_outputs: int

    @nn.compact
    def __call__(self, x):
        dtype = jnp.float32
        x = x.astype(dtype) / 255.0
        x = nn.Conv(features=32, kernel_size=(8, 8), strides=(4, 4), name="conv1", dtype=dtype)(x)
        x = nn.relu(x)
        x = nn.Conv(features=64, kernel_size=(4, 4), strides=(2, 2), name="conv2", dtype=dtype)(x)
        x = nn.relu(x)
        x = nn.Conv(features=64, kernel_size=(3, 3), strides=(1, 1), name="conv3", dtype=dtype)(x)
        x = nn.relu(x)
        x = x.reshape((x.shape[0], -1))
        x = nn.Dense(features=128, name="hidden", dtype=dtype)(x)
        x = nn.relu(x)
        logits = nn.Dense(features=self.num_outputs, name="logits", dtype=dtype)(x)
        value = nn.Dense(features=1, name="value", dtype=dtype)(x)
        return nn.log_softmax(logits), value


class Dueling(nn.Module):
    actions: int = 4

    @nn.compact
    def __call__(self, obs):
        h = nn.relu(nn.Dense(64, kernel_init=nn.initializers.orthogonal(jnp.sqrt(2)))(obs))
        value = nn.Dense(1)(nn.relu(nn.Dense(32)(h)))
        advantage = nn.Dense(self.actions)(nn.relu(nn.Dense(32)(h)))
        return value + advantage - advantage.mean(axis=-1, keepdims=True)


key = random.key(4)
vae = VAE()
vae_input = (jnp.ones((2, 196)), key)
vae.init(key, *vae_input)
generator = Generator()
generator_input = jnp.ones((2, 20))
generator.init(key, generator_input)
discriminator = Discriminator()
discriminator_input = jnp.ones((2, 32, 32, 3))
discriminator.init(key, discriminator_input)
autoencoder = ConvAutoencoder()
autoencoder_input = jnp.ones((2, 28, 28, 1))
autoencoder.init(key, autoencoder_input)
actor = ActorCritic(num_outputs=6)
actor_input = jnp.ones((2, 84, 84, 4))
actor.init(key, actor_input)
dueling = Dueling()
dueling_input = jnp.ones((2, 8))
dueling.init(key, dueling_input)
