"""Records the models of d2l's PyTorch file as PyTorch itself reports them: python recordD2l.py <folder of unpacked wheels> > d2l.json

The file is the saved code of the book "Dive into Deep Learning"; every docstring names the section that defines and applies the class, and the
arguments and inputs here are that section's. Lazy layers get their sizes from the first input. Needs torch, pandas, scipy, pillow, matplotlib.
"""

import ast
import json
import pathlib
import sys

site = pathlib.Path(sys.argv[1]).resolve()
sys.path.insert(0, str(site))

import absentPackages
import declareTorchvision
import torch

absentPackages.stand_in("IPython", "matplotlib_inline", "gym", "cv2")

from d2l import torch as d2l

lengths = torch.tensor([3, 2])


def random_tokens(*shape):
    return torch.randint(0, 10, shape)


models = [
    ("LinearRegressionScratch(2, lr=0.03)", [torch.randn(32, 2)]),
    ("LinearRegression(lr=0.03)", [torch.randn(32, 2)]),
    ("SoftmaxRegression(num_outputs=10, lr=0.1)", [torch.randn(256, 1, 28, 28)]),
    ("LeNet()", [torch.randn(1, 1, 28, 28)]),
    ("LeNet(lr=0.1)", [torch.randn(1, 1, 28, 28)]),
    ("Residual(3)", [torch.randn(4, 3, 6, 6)]),
    ("Residual(6, use_1x1conv=True, strides=2)", [torch.randn(4, 3, 6, 6)]),
    ("ResNeXtBlock(32, 16, 1)", [torch.randn(4, 32, 96, 96)]),
    ("RNNScratch(16, 32)", [torch.ones(100, 2, 16)]),
    ("RNNLMScratch(RNNScratch(num_inputs=28, num_hiddens=32), vocab_size=28, lr=1)", [random_tokens(2, 100)]),
    ("RNN(num_inputs=28, num_hiddens=32)", [torch.ones(100, 2, 28)]),
    ("RNNLM(RNN(num_inputs=28, num_hiddens=32), vocab_size=28, lr=1)", [random_tokens(2, 100)]),
    ("GRU(num_inputs=28, num_hiddens=32, num_layers=2)", [torch.ones(100, 2, 28)]),
    ("RNNLM(GRU(num_inputs=28, num_hiddens=32, num_layers=2), vocab_size=28, lr=2)", [random_tokens(2, 100)]),
    ("Seq2SeqEncoder(10, 8, 16, 2)", [random_tokens(4, 9)]),
    ("DotProductAttention(dropout=0.5)", [torch.randn(2, 1, 2), torch.randn(2, 10, 2), torch.randn(2, 10, 4), lengths]),
    (
        "AdditiveAttention(num_hiddens=8, dropout=0.1)",
        [torch.randn(2, 1, 20), torch.randn(2, 10, 2), torch.randn(2, 10, 4), lengths],
    ),
    ("MultiHeadAttention(100, 5, 0.5)", [torch.ones(2, 4, 100), torch.ones(2, 6, 100), torch.ones(2, 6, 100), lengths]),
    ("PositionalEncoding(32, 0)", [torch.zeros(1, 60, 32)]),
    ("PositionWiseFFN(4, 8)", [torch.ones(2, 3, 4)]),
    ("AddNorm(4, 0.5)", [torch.ones(2, 3, 4), torch.ones(2, 3, 4)]),
    ("TransformerEncoderBlock(24, 48, 8, 0.5)", [torch.ones(2, 100, 24), lengths]),
    ("TransformerEncoder(200, 24, 48, 8, 2, 0.5)", [random_tokens(2, 100), lengths]),
    ("resnet18(10)", [torch.rand(256, 1, 28, 28)]),
    ("BERTEncoder(10000, 768, 1024, 4, 2, 0.2)", [random_tokens(2, 8), torch.zeros(2, 8, dtype=torch.long), None]),
    ("MaskLM(10000, 768)", [torch.randn(2, 8, 768), torch.tensor([[1, 5, 2], [6, 1, 5]])]),
    ("NextSentencePred()", [torch.randn(2, 768)]),
    (
        "BERTModel(10000, num_hiddens=128, ffn_num_hiddens=256, num_heads=2, num_blks=2, dropout=0.2)",
        [random_tokens(2, 8), torch.zeros(2, 8, dtype=torch.long), None, torch.tensor([[1, 5, 2], [6, 1, 5]])],
    ),
]

reasons = {
    "Module": "a base class",
    "Classifier": "a base class",
    "Encoder": "a base class",
    "Decoder": "a base class",
    "AttentionDecoder": "a base class",
    "EncoderDecoder": "a base class",
    "Seq2Seq": "its decoder is in the book only",
    "MaskedSoftmaxCELoss": "a loss without parameters",
}


def first_tensor(value):
    return value if isinstance(value, torch.Tensor) else first_tensor(value[0])


def record(expression, inputs):
    model = eval(expression, vars(d2l)).eval()
    with torch.no_grad():
        output = first_tensor(model(*inputs))
    entry = {
        "file": "d2l/torch.py",
        "expression": expression,
        "input": list(inputs[0].shape[1:]),
        "first": inputs[0].shape[0],
        "parameters": sum(p.numel() for p in model.parameters()),
        "tensors": len(list(model.parameters())),
    }
    return entry | {"output": list(output.shape[1:])} if len(inputs) == 1 else entry


recorded = [record(expression, inputs) for expression, inputs in models]
named = {expression.split("(")[0] for expression, _ in models}
left_out = []
for node in ast.parse((site / "d2l/torch.py").read_text()).body:
    known = getattr(d2l, node.name) if isinstance(node, ast.ClassDef) else None
    if known and issubclass(known, torch.nn.Module) and node.name not in named:
        left_out.append({"file": "d2l/torch.py", "class": node.name, "reason": reasons[node.name]})
for file, framework in [("d2l/tensorflow.py", "TensorFlow"), ("d2l/mxnet.py", "MXNet")]:
    left_out.append({"file": file, "class": "*", "reason": f"{framework} is not installed where this is recorded"})
json.dump({"torch": torch.__version__, "d2l": "1.0.3", "models": recorded, "leftOut": left_out}, sys.stdout, indent=1)
