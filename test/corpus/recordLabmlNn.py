"""Records labml-nn's modules as PyTorch itself reports them: python recordLabmlNn.py <folder of unpacked wheels> > labml_nn.json

Each file's own `main()` and tests are run up to where training would begin, and its configurations compute the modules that they name; what
they construct on the way, with which arguments, is what is recorded. Where a file only constructs its model from data that is not here, `given`
holds the call with the values its source states. A module is applied to what it was applied to inside the model that its file constructs
(`inputs`). Needs torch, einops, pillow and labml (--no-deps).
"""

import ast
import importlib
import inspect
import json
import os
import pathlib
import string
import sys
import tempfile
import traceback
from unittest.mock import MagicMock

site = pathlib.Path(sys.argv.pop()).resolve()
sys.path.insert(0, str(site))
os.chdir(tempfile.mkdtemp())

import absentPackages
import declareTorchvision
import torch
import traceConstruction
from traceConstruction import constructions, write_construction

absentPackages.stand_in(
    *"torchtext fairscale transformers tokenizers faiss gym cv2 imageio bitsandbytes altair triton flash_attn lm_eval".split()
)

import labml.configs
import labml.experiment
import labml.lab
import labml.logger
import labml.tracker
import labml.utils.download
import labml_nn.helpers.metrics

tokens = torch.randint(0, 60, [16, 2])
image = torch.randn(2, 3, 32, 32)
digit = torch.randn(2, 1, 28, 28)

# What the model that a file constructs is applied to: as its trainer does, with a sequence of 16 tokens and a batch of 2.
inputs = {
    "activations.fta.experiment.AutoregressiveTransformer": [tokens],
    "adaptive_computation.ponder_net.ParityPonderGRU": [torch.randn(2, 8)],
    "capsule_networks.mnist.MNISTCapsuleNetworkModel": [digit],
    "conv_mixer.ConvMixer": [image],
    "diffusion.ddpm.unet.UNet": [image, torch.tensor([3, 5])],
    "diffusion.stable_diffusion.model.autoencoder.Encoder": [torch.randn(1, 3, 64, 64)],
    "diffusion.stable_diffusion.model.autoencoder.Decoder": [torch.randn(1, 4, 8, 8)],
    "diffusion.stable_diffusion.model.unet.UNetModel": [torch.randn(1, 4, 16, 16), torch.tensor([3]), torch.randn(1, 5, 768)],
    "distillation.large.LargeModel": [image],
    "distillation.small.SmallModel": [image],
    "gan.cycle_gan.Discriminator": [torch.randn(1, 3, 256, 256)],
    "gan.cycle_gan.GeneratorResNet": [torch.randn(1, 3, 256, 256)],
    "gan.dcgan.Discriminator": [digit],
    "gan.dcgan.Generator": [torch.randn(2, 100)],
    "gan.original.experiment.Discriminator": [digit],
    "gan.original.experiment.Generator": [torch.randn(2, 100)],
    "gan.stylegan.Discriminator": [torch.randn(4, 3, 64, 64)],
    "gan.stylegan.MappingNetwork": [torch.randn(2, 512)],
    "graphs.gat.experiment.GAT": [torch.randn(7, 1433), torch.ones(7, 7, 1, dtype=torch.bool)],
    "graphs.gatv2.experiment.GATv2": [torch.randn(7, 1433), torch.ones(7, 7, 1, dtype=torch.bool)],
    "hypernetworks.experiment.AutoregressiveModel": [tokens],
    "lora.gpt2.GPTModel": [torch.randint(0, 60, [2, 16])],
    "neox.model.Embedding": [torch.randint(0, 60, [2, 16])],
    "normalization.batch_norm.mnist.Model": [digit],
    "normalization.batch_norm.cifar10.Model": [image],
    "normalization.deep_norm.experiment.AutoregressiveTransformer": [tokens],
    "normalization.instance_norm.experiment.Model": [image],
    "normalization.weight_standardization.experiment.Model": [image],
    "optimizers.mnist_experiment.Model": [digit],
    "resnet.ResNetBase": [image],
    "rl.dqn.model.Model": [torch.randn(2, 4, 84, 84)],
    "rl.ppo.experiment.Model": [torch.randn(2, 4, 84, 84)],
    "sketch_rnn.EncoderRNN": [torch.randn(16, 2, 5)],
    "sketch_rnn.DecoderRNN": [torch.randn(16, 2, 133), torch.randn(2, 128), None],
    "transformers.aft.experiment.AutoregressiveTransformer": [torch.randint(0, 60, [512, 1])],
    "transformers.basic.autoregressive_experiment.AutoregressiveTransformer": [tokens],
    "transformers.compressive.experiment.AutoregressiveModel": [tokens, None],
    "transformers.fast_weights.experiment.AutoregressiveModel": [tokens],
    "transformers.feedback.experiment.AutoregressiveModel": [tokens],
    "transformers.glu_variants.experiment.AutoregressiveModel": [tokens],
    "transformers.glu_variants.simple.AutoregressiveModel": [tokens],
    "transformers.gpt.GPT": [tokens],
    "transformers.hour_glass.experiment.AutoregressiveTransformer": [tokens],
    "transformers.knn.train_model.AutoregressiveModel": [tokens],
    "transformers.mlm.experiment.TransformerMLM": [tokens],
    "transformers.switch.experiment.AutoregressiveModel": [tokens],
    "transformers.vit.VisionTransformer": [image],
    "transformers.xl.experiment.AutoregressiveModel": [tokens, []],
    "uncertainty.evidence.experiment.Model": [digit],
    "unet.UNet": [torch.randn(1, 3, 64, 64)],
}

# Calls that a file makes only after reading data, with the values that its source states (Cora has 1,433 features and 7 classes).
given = {
    "labml_nn.gan.cycle_gan": ["GeneratorResNet(3, 9)", "Discriminator((3, 256, 256))"],
    "labml_nn.graphs.gat.experiment": ["GAT(1433, 64, 7, 8, 0.6)"],
    "labml_nn.graphs.gatv2.experiment": ["GATv2(1433, 64, 7, 8, 0.7, False)"],
    "labml_nn.gan.stylegan": ["Discriminator(6)", "Generator(6, 512)", "MappingNetwork(512, 8)"],
    "labml_nn.lora.gpt2": [
        "GPTModel(d_model=768, n_heads=12, n_layers=12, n_positions=1024, layer_norm_epsilon=1e-05, vocab_size=50257, r=32)"
    ],
    "labml_nn.neox.model": [
        "Embedding(50432, 6144)",
        "TransformerLayer(6144, 64)",
        "FinalNorm(6144)",
        "ReadoutLayer(6144, 50432)",
    ],
    "labml_nn.rl.ppo.experiment": ["Model()"],
    "labml_nn.sketch_rnn": ["EncoderRNN(128, 256)", "DecoderRNN(128, 512, 20)"],
    "labml_nn.unet": ["UNet(3, 1)"],
}


class TrainingBegins(BaseException):
    pass


def begin_training(*args, **kwargs):
    raise TrainingBegins


def write_text(url, path, *args, **kwargs):
    """Tiny Shakespeare is all that is read; its 65 characters are what matters."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((string.ascii_letters + "\n !$&',-.3:;?") * 200)


class DynamicHyperParam:
    def __init__(self, default, range_=None):
        self.default = default

    def __call__(self):
        return self.default


def set_to_zero(tensor, *args, **kwargs):
    """Initialisation, where it is cheap: the memory of the largest weights is never touched."""
    with torch.no_grad():
        return tensor.zero_() if tensor.numel() < 1e7 else tensor


def replace_surroundings():
    """What is around a model in an experiment: where it logs, data, devices, and what this labml no longer has."""
    create = labml.experiment.create
    labml.experiment.create = lambda *args, **kwargs: create(name="record", writers={"screen"})
    labml.experiment.start = begin_training
    for name in ["add_pytorch_models", "add_model_savers", "load", "load_models", "save_checkpoint"]:
        setattr(labml.experiment, name, lambda *args, **kwargs: None)
    for name in ["debug", "set_text", "set_image", "set_queue", "set_scalar", "set_histogram", "set_global_step"]:
        setattr(labml.tracker, name, lambda *args, **kwargs: None)
    labml.lab.get_data_path = lambda: pathlib.Path.cwd() / "data"
    labml.logger.inspect = lambda *args, **kwargs: None
    labml.configs.FloatDynamicHyperParam = labml.configs.IntDynamicHyperParam = DynamicHyperParam
    labml_nn.helpers.metrics.SimpleStateModule = labml_nn.helpers.metrics.StateModule
    labml.utils.download.download_file = write_text
    torch.utils.data.DataLoader = MagicMock()
    torch.nn.Module.to = lambda self, *args, **kwargs: self
    move = torch.Tensor.to
    torch.Tensor.to = lambda self, *args, **kwargs: (
        self if args and isinstance(args[0], (torch.device, str)) else move(self, *args, **kwargs)
    )
    for name in dir(torch.nn.init):
        if name.endswith("_") and not name.startswith("_"):
            setattr(torch.nn.init, name, set_to_zero)


def compute(configs):
    """Has a configuration compute every module that it names."""
    if hasattr(configs, "init"):
        attempt(configs.init)
    hints = {}
    for cls in reversed(type(configs).__mro__):
        hints.update(cls.__dict__.get("__annotations__", {}))
    for name, hint in hints.items():
        if inspect.isclass(hint) and issubclass(hint, torch.nn.Module):
            attempt(lambda: getattr(configs, name))


def attempt(action):
    try:
        return action()
    except BaseException as error:
        if not isinstance(error, TrainingBegins):
            place = traceback.extract_tb(error.__traceback__)[-1]
            print(f"  {type(error).__name__}: {str(error)[:100]} ({place.filename[-40:]}:{place.lineno})", file=sys.stderr)
        step = error.__traceback__
        seen = []
        while step:
            for value in list(step.tb_frame.f_locals.values()):
                if isinstance(value, labml.configs.BaseConfigs) and step.tb_frame.f_code.co_name == "main" and not any(value is s for s in seen):
                    seen.append(value)
            step = step.tb_next
        for configs in seen:
            compute(configs)


def construct_all(module):
    for call in given.get(module.__name__, []):
        with torch.device("meta" if "neox" in module.__name__ else "cpu"):
            attempt(lambda: eval(call, vars(module)))
    for name, function in list(vars(module).items()):
        is_own = inspect.isfunction(function) and function.__module__ == module.__name__
        if is_own and (name == "main" or name.startswith("_test")) and not inspect.signature(function).parameters:
            attempt(function)


def short_name(cls):
    return f"{cls.__module__}.{cls.__name__}".removeprefix("labml_nn.")


def apply_all():
    """Applies the constructed models, so that each module inside meets its input."""
    for construction in list(constructions):
        name = short_name(construction["cls"])
        if name in inputs and construction["self"] not in traceConstruction.inputs:
            with torch.no_grad():
                attempt(lambda: construction["self"].eval()(*inputs[name]))


def output_shape(value):
    if isinstance(value, torch.Tensor):
        return list(value.shape)
    if isinstance(value, tuple) and value and isinstance(value[0], torch.Tensor):
        return list(value[0].shape)
    return None


def record(construction, scope):
    expression = write_construction(construction, scope)
    given_input = traceConstruction.inputs.get(construction["self"])
    try:
        measured = measure(expression, scope, given_input, "meta")
    except Exception:
        # Some work with values while they are built or applied.
        measured = measure(expression, scope, given_input, "cpu")
    entry = {"file": str(pathlib.Path(scope.__file__).relative_to(site)), "expression": expression}
    if given_input is not None:
        entry |= {"input": list(given_input.shape)[1:], "first": given_input.shape[0]}
    return entry | measured


def measure(expression, scope, given_input, device):
    with torch.device(device), torch.no_grad():
        model = eval(expression, vars(scope)).eval()
        measured = {
            "parameters": sum(p.numel() for p in model.parameters()),
            "tensors": len(list(model.parameters())),
        }
        if given_input is None:
            return measured
        try:
            output = output_shape(model(torch.empty_like(given_input, device=device) if device == "meta" else given_input))
        except Exception as error:
            if device == "meta":
                raise
            print(f"  {expression[:80]}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
            return measured
        return measured | ({"output": output[1:]} if output else {})


def records_of(name):
    """Everything one file constructs, as (class, entry or reason)."""
    module = importlib.import_module(name)
    construct_all(module)
    apply_all()
    found = {}
    for construction in list(constructions):
        cls = construction["cls"]
        key = short_name(cls)
        if not cls.__module__.startswith("labml_nn.") or "entry" in found.get(key, {}):
            continue
        # Recorded from an earlier file, and nothing is known of its input here that was not there.
        if key in models and ("output" in models[key] or traceConstruction.inputs.get(construction["self"]) is None):
            continue
        scope = sys.modules[cls.__module__]
        try:
            entry = record(construction, scope)
        except Exception as error:
            found[key] = {"reason": str(error)[:120]}
            continue
        if entry["parameters"] or "output" in entry:
            found[key] = {"entry": entry}
        else:
            found[key] = {"reason": "no parameters, and not applied to one tensor alone"}
    return found


def in_a_process_of_its_own(name):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        sys.stdout = open(os.devnull, "w")
        try:
            found = records_of(name)
        except BaseException as error:
            found = {"": {"reason": f"{type(error).__name__}: {str(error)[:120]}"}}
        with os.fdopen(writer, "w") as pipe:
            json.dump(found, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text)


def module_names():
    for file in sorted(site.glob("labml_nn/**/*.py")):
        yield str(file.relative_to(site))[:-3].replace("/", ".").removesuffix(".__init__")


def classes_of(name):
    """Module classes that a file defines, without importing it."""
    file = site / (name.replace(".", "/") + ".py")
    tree = ast.parse((file if file.exists() else site / name.replace(".", "/") / "__init__.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any("Module" in ast.unparse(base) or "nn." in ast.unparse(base) for base in node.bases):
            yield f"{name}.{node.name}".removeprefix("labml_nn.")


replace_surroundings()
traceConstruction.watch()
models, reasons = {}, {}
for name in module_names():
    if "flash" in name:
        continue
    print(name, file=sys.stderr)
    for key, found in in_a_process_of_its_own(name).items():
        entry, known = found.get("entry"), models.get(key)
        if not entry:
            reasons.setdefault(key, found["reason"])
        elif known is None or ("output" in entry and "output" not in known):
            models[key] = entry
left_out = [
    {"class": key, "reason": reasons.get(key, "nothing in the package constructs it")}
    for name in module_names()
    for key in classes_of(name)
    if key not in models
]
json.dump(
    {"torch": torch.__version__, "labml-nn": "0.5.1", "models": list(models.values()), "leftOut": left_out}, sys.stdout, indent=1
)
print(f"{len(models)} recorded, {len(left_out)} left out", file=sys.stderr)
