"""Records values and gradients of every PyTorch activation in float64: python recordTorch.py > torchActivations.json"""
import json
import torch
import torch.nn as nn

GRID = [-40.0, -20.5, -9.0, -6.0, -5.25, -3.0, -2.5, -2.0, -1.4, -1.0, -0.75, -0.5, -0.25, -0.1, -1e-3, 0.0,
        1e-3, 0.1, 0.25, 0.5, 0.75, 1.0, 1.4, 2.0, 2.5, 3.0, 4.5, 6.0, 8.5, 12.0, 21.5, 40.0]

CASES = [
    ("relu", {}, nn.ReLU()), ("relu6", {}, nn.ReLU6()), ("sigmoid", {}, nn.Sigmoid()), ("tanh", {}, nn.Tanh()),
    ("selu", {}, nn.SELU()), ("silu", {}, nn.SiLU()), ("mish", {}, nn.Mish()), ("softsign", {}, nn.Softsign()),
    ("tanh-shrink", {}, nn.Tanhshrink()), ("log-sigmoid", {}, nn.LogSigmoid()),
    ("hard-sigmoid", {}, nn.Hardsigmoid()), ("hard-swish", {}, nn.Hardswish()),
    ("leaky-relu", {}, nn.LeakyReLU()), ("leaky-relu", {"negativeSlope": 0.2}, nn.LeakyReLU(0.2)),
    ("elu", {}, nn.ELU()), ("elu", {"alpha": 0.3}, nn.ELU(0.3)),
    ("celu", {}, nn.CELU()), ("celu", {"alpha": 2.0}, nn.CELU(2.0)),
    ("hard-tanh", {}, nn.Hardtanh()), ("hard-tanh", {"minValue": -2.0, "maxValue": 0.5}, nn.Hardtanh(-2.0, 0.5)),
    ("threshold", {"threshold": 0.1, "value": 20.0}, nn.Threshold(0.1, 20.0)),
    ("soft-shrink", {}, nn.Softshrink()), ("hard-shrink", {}, nn.Hardshrink()),
    ("softplus", {}, nn.Softplus()), ("softplus", {"beta": 2.0}, nn.Softplus(2.0)),
    ("gelu", {}, nn.GELU()), ("gelu-tanh", {}, nn.GELU(approximate="tanh")),
    ("rrelu", {}, nn.RReLU().eval()), ("prelu", {}, nn.PReLU().double()), ("linear", {}, nn.Identity()),
    ("exponential", {}, torch.exp), ("sine", {}, torch.sin), ("sine", {"frequency": 30.0}, lambda x: torch.sin(30 * x)),
    ("arctan", {}, torch.atan), ("sign", {}, torch.sign), ("quick-gelu", {}, lambda x: x * torch.sigmoid(1.702 * x)),
    ("squared-relu", {}, lambda x: torch.relu(x) ** 2), ("gaussian", {}, lambda x: torch.exp(-x * x)),
    ("scaled-tanh", {}, lambda x: 1.7159 * torch.tanh(2 / 3 * x)),
    ("squareplus", {}, lambda x: (x + torch.sqrt(x * x + 4)) / 2),
]

records = []
for name, parameters, function in CASES:
    x = torch.tensor(GRID, dtype=torch.float64, requires_grad=True)
    y = function(x)
    y.sum().backward()
    records.append({"id": name, "parameters": parameters, "values": y.tolist(), "slopes": x.grad.tolist()})
erf = torch.special.erf(torch.tensor(GRID, dtype=torch.float64)).tolist()
print(json.dumps({"torch": torch.__version__, "grid": GRID, "erf": erf, "records": records}))
