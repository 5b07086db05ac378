import keras
from keras.layers import Conv2D, Conv2DTranspose, Input, MaxPooling2D, concatenate


def conv_block(tensor, filters):
    for _ in range(2):
        tensor = Conv2D(filters, (3, 3), padding="same", activation="relu", kernel_initializer="he_normal")(tensor)
    return tensor


def unet(shape=(64, 64, 1), filters=8, depth=3):
    inputs = Input(shape)
    x, skips = inputs, []
    for level in range(depth):
        x = conv_block(x, filters * 2**level)
        skips.append(x)
        x = MaxPooling2D((2, 2))(x)
    x = conv_block(x, filters * 2**depth)
    for level in reversed(range(depth)):
        x = Conv2DTranspose(filters * 2**level, (2, 2), strides=(2, 2), padding="same")(x)
        x = concatenate([x, skips[level]], axis=3)
        x = conv_block(x, filters * 2**level)
    return keras.Model(inputs=[inputs], outputs=[Conv2D(1, (1, 1), activation="sigmoid")(x)])


model = unet()
