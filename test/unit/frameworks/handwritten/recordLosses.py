"""Gradients of the losses in losses/*.py by their weights, by central differences of the code as it is really run.

Run with the interpreter that has NumPy: python recordLosses.py. Writes recordedLosses.json: for each file and matrix in `W` the mean over
200 seeds of log10 of the root mean square of dL/dW.
"""
import json
import sys
from pathlib import Path

import numpy as np

here = Path(__file__).parent
step = 1e-5


def gradient_rms(loss, weight):
    total = 0.0
    for place in np.ndindex(weight.shape):
        before = weight[place]
        weight[place] = before + step
        above = loss()
        weight[place] = before - step
        total += ((above - loss()) / (2 * step)) ** 2
        weight[place] = before
    return np.sqrt(total / weight.size)


cases = {}
for path in sorted((here / "losses").glob("*.py")):
    runs = []
    for seed in range(200):
        np.random.seed(seed)
        text = path.read_text().replace("default_rng()", f"default_rng({seed})").replace("print(", "(")
        scope = {}
        exec(compile(text, str(path), "exec"), scope)
        runs.append([np.log10(gradient_rms(scope["loss_now"], weight)) for weight in scope["W"]])
    cases[path.stem] = [round(float(value), 4) for value in np.mean(runs, axis=0)]
result = {"versions": f"Python {sys.version.split()[0]}, NumPy {np.__version__}", "log10Rms": cases}
(here / "recordedLosses.json").write_text(json.dumps(result, indent=2) + "\n")
