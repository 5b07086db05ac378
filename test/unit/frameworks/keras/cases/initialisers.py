import keras
from keras import initializers, layers

model = keras.Sequential(
    [
        keras.Input((60,)),
        layers.Dense(60, kernel_initializer="orthogonal"),
        layers.Dense(60, kernel_initializer=initializers.Orthogonal(gain=2.0)),
        layers.Dense(60, kernel_initializer="identity"),
        layers.Dense(60, kernel_initializer=initializers.VarianceScaling(scale=3.0, mode="fan_out", distribution="uniform")),
        layers.Dense(60, kernel_initializer=initializers.VarianceScaling(2.0, "fan_avg", "untruncated_normal")),
        layers.Dense(60, kernel_initializer="truncated_normal"),
        layers.Dense(60, kernel_initializer="random_uniform"),
        layers.Dense(60, kernel_initializer=initializers.TruncatedNormal(mean=1.0, stddev=0.5)),
        layers.Dense(60, kernel_initializer="lecun_uniform", bias_initializer=initializers.Constant(0.1)),
        layers.Dense(60, kernel_initializer="glorot_normal", bias_initializer="uniform"),
        layers.Dense(60, kernel_initializer="he_uniform"),
        layers.Dense(60, kernel_initializer=initializers.RandomUniform(-1, 1)),
        layers.Dense(60, kernel_initializer=initializers.Constant(0.5)),
        layers.Dense(60, kernel_initializer=initializers.HeNormal),
        layers.Dense(60, kernel_initializer=lambda shape, dtype=None: keras.random.normal(shape, stddev=0.3)),
    ]
)
