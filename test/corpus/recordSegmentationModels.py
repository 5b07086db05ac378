"""Records a grid of segmentation-models-pytorch's decoders on its encoders, as PyTorch itself reports them:
python recordSegmentationModels.py <folder of unpacked wheels> > segmentation_models_pytorch.json

Every encoder gets the first five decoders of the list that accept it; the first encoder gets them all. Nothing is downloaded and nothing
computed: parameters are made on the meta device. Needs torch, pillow, huggingface_hub below 1, safetensors, tqdm and pyyaml.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])
import declareTorchvision
import segmentation_models_pytorch as smp
import timm
import torch

decoders = ["Unet", "UnetPlusPlus", "FPN", "DeepLabV3Plus", "PSPNet"]
otherDecoders = ["MAnet", "Linknet", "DeepLabV3", "PAN", "UPerNet", "Segformer"]
encoders = [
    "resnet34",
    "se_resnext50_32x4d",
    "vgg16_bn",
    "mobilenet_v2",
    "efficientnet-b0",
    "densenet121",
    "tu-convnext_tiny",
    "mit_b0",
    "tu-regnety_008",
    "timm-efficientnet-b1",
    "xception",
    "mobileone_s1",
    "dpn68",
    "inceptionv4",
    "timm-skresnet18",
    "tu-hrnet_w18",
]
side = 224

for name in [name for name in dir(torch.nn.init) if name.endswith("_") and not name.startswith("_")]:
    setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)


def record(decoder, encoder):
    expression = f"{decoder}({encoder!r}, encoder_weights=None, classes=2)"
    try:
        with torch.device("meta"):
            model = eval(f"smp.{expression}")
    except (NotImplementedError, RuntimeError):
        # Some work with tensors while they are built; without initialisation their weights' memory is never touched.
        model = eval(f"smp.{expression}").to("meta")
    model.eval()
    with torch.no_grad():
        output = model(torch.empty(1, 3, side, side, device="meta"))
    return {
        "file": "segmentation_models_pytorch/__init__.py",
        "expression": expression,
        "family": encoder,
        "input": [3, side, side],
        "parameters": sum(p.numel() for p in model.parameters()),
        "tensors": len(list(model.parameters())),
        "output": list(output.shape)[1:],
    }


def record_encoder(encoder, count):
    found = []
    for decoder in decoders + otherDecoders:
        if len(found) == count:
            break
        try:
            found.append(record(decoder, encoder))
        except Exception as error:
            print(f"{decoder} {encoder}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
    return found


models = [
    model
    for index, encoder in enumerate(encoders)
    for model in record_encoder(encoder, len(decoders + otherDecoders) if index == 0 else len(decoders))
]
versions = {
    "torch": torch.__version__,
    "segmentation-models-pytorch": smp.__version__,
    "timm": timm.__version__,
}
json.dump({**versions, "models": models}, sys.stdout, indent=1)
