"""Records what keras.applications are, as Keras itself reports it: python recordKerasApplications.py > keras_applications.json

Every builder that the package exports, and some of them with other arguments. Needs keras and jax: NASNet refuses to be built on PyTorch.
"""

import inspect
import json
import os

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras

# What is drawn does not matter here, and drawing it is most of the time.
keras.initializers.VarianceScaling.__call__ = lambda self, shape, dtype=None: keras.ops.zeros(shape, dtype)

rows = []


def record(builder, family, **arguments):
    arguments = {"weights": None, **arguments}
    keras.utils.clear_session()
    model = builder(**arguments)
    sizes = [size or 224 for size in model.input_shape[1:]]
    output = model.compute_output_shape((1, *sizes))
    count = lambda weights: sum(weight.value.size for weight in weights)
    rows.append(
        {
            "file": inspect.getmodule(inspect.unwrap(builder)).__name__.replace(".", "/") + ".py",
            "expression": f"{builder.__name__}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})",
            "family": family,
            "input": sizes,
            "parameters": model.count_params(),
            "trainable": count(model.trainable_weights),
            "tensors": len(model.weights),
            "output": list(output)[1:],
        }
    )
    assert count(model.weights) == rows[-1]["parameters"]


builders = [value for name, value in sorted(vars(keras.applications).items()) if inspect.isfunction(value)]
for builder in builders:
    record(builder, "builder")
named = {builder.__name__: builder for builder in builders}
for name in ["ResNet50", "VGG16", "InceptionV3", "MobileNetV2", "EfficientNetB0", "ConvNeXtTiny", "DenseNet121", "Xception"]:
    record(named[name], "variant", include_top=False)
    record(named[name], "variant", include_top=False, pooling="avg", input_shape=(160, 192, 3))
    record(named[name], "variant", classes=10, input_shape=(96, 96, 3))
record(named["ResNet50V2"], "variant", include_top=False, pooling="max")
record(named["ResNet101"], "variant", classes=7, classifier_activation=None)
record(named["VGG19"], "variant", input_shape=(64, 48, 1), classes=3)
record(named["MobileNet"], "variant", alpha=0.5, depth_multiplier=2)
record(named["MobileNetV2"], "variant", alpha=1.4, classes=5)
record(named["MobileNetV3Small"], "variant", minimalistic=True, include_preprocessing=False)
record(named["MobileNetV3Large"], "variant", alpha=0.75, input_shape=(128, 128, 3))
record(named["EfficientNetV2B1"], "variant", include_preprocessing=False, include_top=False, pooling="max")
record(named["ConvNeXtSmall"], "variant", include_preprocessing=False, classes=12)
record(named["NASNetMobile"], "variant", include_top=False, pooling="avg")
record(named["InceptionResNetV2"], "variant", include_top=False, input_shape=(150, 150, 3))

print(json.dumps({"keras": keras.__version__, "jax": jax.__version__, "models": rows}, indent=1))
