"""Records the models of d2l's PyTorch and JAX files as the frameworks report them: python recordD2l.py <folder of unpacked wheels> > d2l.json

The files are the saved code of the book "Dive into Deep Learning"; every docstring names the section that defines and applies the class, and the
arguments and inputs here are that section's. Lazy layers and Flax modules get their sizes from the inputs. Needs torch, flax, pandas, scipy,
pillow, matplotlib.
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

absentPackages.stand_in("IPython", "matplotlib_inline", "gym", "cv2", "tensorflow", "tensorflow_datasets")

import flax
import jax
import jax.numpy as jnp
from d2l import jax as d2l_jax
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
    ("Seq2SeqEncoder(194, embed_size=256, num_hiddens=256, num_layers=2, dropout=0.2)", [random_tokens(4, 9)]),
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
    (
        "TransformerEncoder(194, num_hiddens=256, ffn_num_hiddens=64, num_heads=4, num_blks=2, dropout=0.2)",
        [random_tokens(2, 9), lengths],
    ),
    ("resnet18(10)", [torch.rand(256, 1, 28, 28)]),
    ("resnet18(10, 3)", [torch.rand(4, 3, 32, 32)]),
    ("BERTEncoder(10000, 768, 1024, 4, 2, 0.2)", [random_tokens(2, 8), torch.zeros(2, 8, dtype=torch.long), None]),
    ("MaskLM(10000, 768)", [torch.randn(2, 8, 768), torch.tensor([[1, 5, 2], [6, 1, 5]])]),
    ("NextSentencePred()", [torch.randn(2, 768)]),
    (
        "BERTModel(10000, num_hiddens=128, ffn_num_hiddens=256, num_heads=2, num_blks=2, dropout=0.2)",
        [random_tokens(2, 8), torch.zeros(2, 8, dtype=torch.long), None, torch.tensor([[1, 5, 2], [6, 1, 5]])],
    ),
]

jax_tokens = jnp.zeros((2, 100), dtype=jnp.int32)
jax_lengths = jnp.array([3, 2])
jax_models = [
    ("LinearRegressionScratch(2, lr=0.03)", [jnp.zeros((32, 2))]),
    ("LinearRegression(lr=0.03)", [jnp.zeros((32, 2))]),
    ("SoftmaxRegression(num_outputs=10, lr=0.1)", [jnp.zeros((256, 28, 28, 1))]),
    ("LeNet()", [jnp.zeros((1, 28, 28, 1))]),
    ("Residual(3)", [jnp.zeros((4, 6, 6, 3))]),
    ("Residual(6, use_1x1conv=True, strides=(2, 2))", [jnp.zeros((4, 6, 6, 3))]),
    ("ResNeXtBlock(32, 16, 1)", [jnp.zeros((4, 96, 96, 32))]),
    ("RNNScratch(16, 32)", [jnp.ones((100, 2, 16))]),
    ("RNNLMScratch(RNNScratch(num_inputs=28, num_hiddens=32), vocab_size=28, lr=1)", [jax_tokens]),
    ("GRU(num_hiddens=32, num_layers=2)", [jnp.ones((100, 2, 28))]),
    ("RNNLM(GRU(num_hiddens=32, num_layers=2), vocab_size=28, lr=2)", [jax_tokens]),
    ("Seq2SeqEncoder(10, 8, 16, 2)", [jnp.zeros((4, 9), dtype=jnp.int32)]),
    ("DotProductAttention(0.5)", [jnp.zeros((2, 1, 2)), jnp.zeros((2, 10, 2)), jnp.zeros((2, 10, 4)), jax_lengths]),
    (
        "AdditiveAttention(num_hiddens=8, dropout=0.1)",
        [jnp.zeros((2, 1, 20)), jnp.zeros((2, 10, 2)), jnp.zeros((2, 10, 4)), jax_lengths],
    ),
    ("MultiHeadAttention(100, 5, 0.5)", [jnp.ones((2, 4, 100)), jnp.ones((2, 6, 100)), jnp.ones((2, 6, 100)), jax_lengths]),
    ("PositionalEncoding(32, 0)", [jnp.zeros((1, 60, 32))]),
    ("PositionWiseFFN(4, 8)", [jnp.ones((2, 3, 4))]),
    ("AddNorm(0.5)", [jnp.ones((2, 3, 4)), jnp.ones((2, 3, 4))]),
    ("TransformerEncoderBlock(24, 48, 8, 0.5)", [jnp.ones((2, 100, 24)), jax_lengths]),
    ("TransformerEncoder(200, 24, 48, 8, 2, 0.5)", [jax_tokens, jax_lengths]),
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
    "RNN": "a base class",
}


def first_tensor(value):
    return value if hasattr(value, "shape") else first_tensor(value[0])


def record(expression, inputs):
    model = eval(expression, vars(d2l)).eval()
    with torch.no_grad():
        output = first_tensor(model(*inputs))
    parameters = [p.numel() for p in model.parameters()]
    return entry("d2l/torch.py", expression, inputs, parameters, output)


def record_jax(expression, inputs):
    model = eval(expression, vars(d2l_jax))

    def run():
        return model.init_with_output(jax.random.PRNGKey(0), *inputs)

    output, variables = jax.eval_shape(run)
    parameters = [leaf.size for leaf in jax.tree_util.tree_leaves(variables.get("params", {}))]
    return entry("d2l/jax.py", expression, inputs, parameters, first_tensor(output))


def entry(file, expression, inputs, parameters, output):
    """Where there are several inputs, the output is not recorded: a reader is told of the first only."""
    known = {
        "file": file,
        "expression": expression,
        "family": pathlib.Path(file).stem,
        "input": list(inputs[0].shape[1:]),
        "first": inputs[0].shape[0],
        "parameters": sum(parameters),
        "tensors": len(parameters),
    }
    return known | {"output": list(output.shape[1:])} if len(inputs) == 1 else known


recorded = [record(*model) for model in models]
left_out = []
for file, known, base, table in [
    ("d2l/torch.py", d2l, torch.nn.Module, models),
    ("d2l/jax.py", d2l_jax, flax.linen.Module, jax_models),
]:
    named = {expression.split("(")[0] for expression, _ in table}
    for node in ast.parse((site / file).read_text()).body:
        cls = getattr(known, node.name) if isinstance(node, ast.ClassDef) else None
        if cls and issubclass(cls, base) and node.name not in named:
            left_out.append({"file": file, "class": node.name, "reason": reasons[node.name]})
for expression, inputs in jax_models:
    try:
        recorded.append(record_jax(expression, inputs))
    except Exception as error:
        reason = f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"
        left_out.append({"file": "d2l/jax.py", "class": expression.split("(")[0], "reason": reason})
for file, framework in [("d2l/tensorflow.py", "TensorFlow"), ("d2l/mxnet.py", "MXNet")]:
    left_out.append({"file": file, "class": "*", "reason": f"{framework} is not installed where this is recorded"})
for each in left_out:
    print(each, file=sys.stderr)
versions = {"torch": torch.__version__, "jax": jax.__version__, "flax": flax.__version__, "d2l": "1.0.3"}
json.dump(versions | {"models": recorded, "leftOut": left_out}, sys.stdout, indent=1)
