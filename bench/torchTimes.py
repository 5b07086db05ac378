"""Reads {source, inputShape} from standard input and prints the processor time that PyTorch takes to import, build and run that model once."""

import json
import sys
from time import process_time

network = json.load(sys.stdin)
started = process_time()
import torch  # noqa: E402

if "torchvision" in network["source"]:
    try:
        import torchvision
    except RuntimeError:
        # A build of torchvision for CUDA beside a PyTorch without it lacks its own operators; the models do not use these.
        operators = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision  # noqa: F401
imported = process_time()
scope = {}
exec(network["source"], scope)
built = process_time()
model = scope["model"].train()
inputs = torch.randn(2, *network["inputShape"])
output = model(inputs)
output = getattr(output, "logits", output)
output.square().mean().backward()
ran = process_time()
print(
    json.dumps(
        {
            "importMs": (imported - started) * 1000,
            "buildMs": (built - imported) * 1000,
            "runMs": (ran - built) * 1000,
        }
    )
)
