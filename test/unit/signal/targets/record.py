"""Weight gradients of nets whose target is computed from their input: mean over 40 seeds of log10 of the root mean square of dL/dW.

Run with the interpreter that has PyTorch: python record.py. Writes recorded.json.
"""
import json
from pathlib import Path

import numpy as np
import torch

here = Path(__file__).parent
cases = {}
for path in sorted(here.glob("*.py")):
    if path.name == "record.py":
        continue
    runs = []
    for seed in range(40):
        torch.manual_seed(seed)
        scope = {}
        exec(compile(path.read_text(), str(path), "exec"), scope)
        model = scope["model"]
        runs.append([float(torch.log10(layer.weight.grad.pow(2).mean().sqrt())) for layer in model.children()])
    cases[path.stem] = [round(float(value), 4) for value in np.mean(runs, axis=0)]
result = {"versions": f"PyTorch {torch.__version__}", "log10Rms": cases}
(here / "recorded.json").write_text(json.dumps(result, indent=2) + "\n")
