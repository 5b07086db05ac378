"""Records one model, or a few, of every family of timm, as PyTorch itself reports it:
python recordTimm.py <folder of unpacked wheels> > timm.json

Nothing is downloaded and nothing computed: parameters are made on the meta device. Needs torch, pillow, huggingface_hub below 1,
safetensors, tqdm and pyyaml.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])
import declareTorchvision
import timm
import torch

for name in [name for name in dir(torch.nn.init) if name.endswith("_") and not name.startswith("_")]:
    setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)

# Of each file of `timm.models` the smallest of the models by its own listing, and those that people take most.
often = [
    "resnet50",
    "resnet50d",
    "resnext50_32x4d",
    "wide_resnet50_2",
    "seresnet50",
    "ecaresnet26t",
    "resnetrs50",
    "vit_base_patch16_224",
    "vit_tiny_patch16_224",
    "vit_small_patch14_dinov2",
    "vit_base_patch16_clip_224",
    "vit_so150m_patch16_reg4_gap_256",
    "deit_tiny_distilled_patch16_224",
    "deit3_small_patch16_224",
    "cait_xxs24_224",
    "efficientnet_b0",
    "tf_efficientnetv2_s",
    "mnasnet_100",
    "mobilenetv2_100",
    "mobilenetv3_large_100",
    "tf_efficientnet_lite0",
    "efficientnet_es",
    "mixnet_s",
    "fbnetc_100",
    "convnext_tiny",
    "convnextv2_atto",
    "swin_tiny_patch4_window7_224",
    "swinv2_tiny_window8_256",
    "swin_s3_tiny_224",
    "regnety_016",
    "regnetx_004",
    "nf_regnet_b1",
    "dm_nfnet_f0",
    "nf_resnet50",
    "eca_nfnet_l0",
    "mixer_s32_224",
    "gmlp_s16_224",
    "resmlp_12_224",
    "maxvit_tiny_rw_224",
    "coatnet_0_rw_224",
    "poolformer_s12",
    "caformer_s18",
    "eva02_tiny_patch14_224",
    "beitv2_base_patch16_224",
    "repvgg_a0",
    "gernet_s",
    "halonet26t",
    "lambda_resnet26t",
    "botnet26t_256",
    "cspdarknet53",
    "darknet53",
    "dla34",
    "hrnet_w18_small",
    "mobilevitv2_050",
    "hardcorenas_a",
    "legacy_seresnet18",
    "resnetv2_50",
    "vit_base_r50_s16_224",
    "flexivit_small",
]


def smallest(module):
    """The name of the module's model with the fewest parameters."""
    sizes = {}
    for name in timm.list_models(module=module):
        try:
            with torch.device("meta"):
                sizes[name] = sum(p.numel() for p in timm.create_model(name).parameters())
        except Exception:
            continue
    return min(sizes, key=sizes.get) if sizes else timm.list_models(module=module)[0]


def record(name):
    entry_point = timm.model_entrypoint(name)
    try:
        with torch.device("meta"):
            model = entry_point()
    except (NotImplementedError, RuntimeError):
        # Some work with tensors while they are built; without initialisation their weights' memory is never touched.
        model = entry_point().to("meta")
    model.eval()
    shape = list(model.pretrained_cfg["input_size"])
    entry = {
        "file": entry_point.__module__.replace(".", "/") + ".py",
        "expression": f"{name}()",
        "input": shape,
        "parameters": sum(p.numel() for p in model.parameters()),
        "tensors": len(list(model.parameters())),
    }
    try:
        with torch.no_grad():
            entry["output"] = list(model(torch.empty(1, *shape, device="meta")).shape)[1:]
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
    return entry


def through_registry(entry):
    name = entry["expression"].removesuffix("()")
    return {**entry, "file": "timm/__init__.py", "expression": f"create_model({name!r})"}


def features_only(name, **options):
    written = "".join(f", {key}={value!r}" for key, value in options.items())
    with torch.device("meta"):
        model = timm.create_model(name, features_only=True, **options)
    shape = list(model.pretrained_cfg["input_size"])
    with torch.no_grad():
        features = model(torch.empty(1, *shape, device="meta"))
    return {
        "file": "timm/__init__.py",
        "expression": f"create_model({name!r}, features_only=True{written})",
        "input": shape,
        "parameters": sum(p.numel() for p in model.parameters()),
        "tensors": len(list(model.parameters())),
        "output": list(features[0].shape)[1:],
    }


names = list(dict.fromkeys([*often, *(smallest(module) for module in timm.list_modules())]))
models = [record(name) for name in names]
models += [through_registry(models[names.index(name)]) for name in ["resnet50", "efficientnet_b0", "convnext_tiny"]]
models += [features_only("resnet50d", out_indices=(1, 2, 3, 4)), features_only("convnext_tiny"), features_only("mobilenetv3_large_100")]
json.dump({"torch": torch.__version__, "timm": timm.__version__, "models": models}, sys.stdout, indent=1)
