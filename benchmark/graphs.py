"""What a saved graph (TorchScript, ONNX) does that belongs to training alone.

Exported in training mode, dropout, batch norm by the statistics of the batch, and stochastic depth
are constants of the graph: `eval()` does not reach them.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

DROPOUT = "dropout in training mode"
BATCH_STATISTICS = "batch norm by the statistics of the batch"
INSTANCE_STATISTICS = "instance norm in training mode"
RANDOM = "random numbers"
# Operator -> (what it does, argument that is true in training, argument that switches it off).
TORCH_FLAGS: dict[str, tuple[str, str, str]] = {
    "dropout": (DROPOUT, "train", "p"),
    "feature_dropout": (DROPOUT, "train", "p"),
    "alpha_dropout": (DROPOUT, "train", "p"),
    "feature_alpha_dropout": (DROPOUT, "train", "p"),
    "native_dropout": (DROPOUT, "train", "p"),
    "lstm": (DROPOUT, "train", "dropout"),
    "gru": (DROPOUT, "train", "dropout"),
    "rnn_tanh": (DROPOUT, "train", "dropout"),
    "rnn_relu": (DROPOUT, "train", "dropout"),
    "scaled_dot_product_attention": (DROPOUT, "dropout_p", "dropout_p"),
    "rrelu": (RANDOM, "training", ""),
    "batch_norm": (BATCH_STATISTICS, "training", ""),
    "native_batch_norm": (BATCH_STATISTICS, "training", ""),
    "_batch_norm_impl_index": (BATCH_STATISTICS, "training", ""),
    "_native_batch_norm_legit": (BATCH_STATISTICS, "training", ""),
    "cudnn_batch_norm": (BATCH_STATISTICS, "training", ""),
    "instance_norm": (INSTANCE_STATISTICS, "use_input_stats", "running_mean"),
}
TORCH_RANDOM = {
    "rand", "rand_like", "randn", "randn_like", "randint", "randint_like", "randperm", "bernoulli",
    "multinomial", "normal", "uniform", "exponential", "cauchy", "geometric", "log_normal",
    "poisson", "binomial",
}  # fmt: skip
ONNX_RANDOM = {
    "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli",
    "Multinomial",
}  # fmt: skip
LOCATION = re.compile(rb"\x0a\x08location\x12(?=[\x01-\xff])")
EXPORT_AGAIN = "Call model.eval() before torch.jit.trace, torch.jit.script or torch.onnx.export."


def training_operators(module: Any) -> tuple[str, ...]:
    """What a loaded TorchScript module does in evaluation mode that belongs to training.

    Args:
        module: a `torch.jit.ScriptModule` in evaluation mode.

    Returns:
        Such as ("dropout in training mode (2x)",); empty where there is nothing, or where torch
        cannot fold the module's flags.
    """
    import torch

    methods = ["compare"] if hasattr(module, "compare") else []
    try:
        with warnings.catch_warnings():  # torch recommends other formats to those who export
            warnings.simplefilter("ignore", FutureWarning)
            folded = torch.jit.freeze(module, preserved_attrs=methods, optimize_numerics=False)
        graphs = [folded.graph, *(getattr(folded, name).graph for name in methods)]
    except Exception:  # such as attributes that the module writes to: branches stay undecided
        if not hasattr(module, "forward"):
            return ()
        return _counted(_torch_kinds(module.forward.inlined_graph, branches=False))
    return _counted(kind for graph in graphs for kind in _torch_kinds(graph))


def onnx_training_operators(content: bytes) -> tuple[str, ...] | None:
    """What an ONNX model does that belongs to training; None without the package `onnx`."""
    try:
        import onnx
    except ImportError:
        return None
    model = onnx.load_model_from_string(content)
    kinds = list(_onnx_kinds(model.graph, onnx))
    for function in model.functions:
        kinds += _onnx_kinds(function, onnx)
    return _counted(kinds)


def onnx_external(content: bytes) -> list[str]:
    """Files beside an ONNX file that hold its weights, as the file names them, sorted.

    They are found by the protocol buffer entry {"location": name}, so that no package is needed.
    """
    found = set()
    for each in LOCATION.finditer(content):
        first, start = content[each.end()], each.end() + 1
        length = first
        if first >= 0x80:  # a length of two bytes
            length, start = (first & 0x7F) | content[start] << 7, start + 1
        found.add(content[start : start + length].decode(errors="replace"))
    return sorted(found)


def _counted(kinds: Any) -> tuple[str, ...]:
    return tuple(f"{kind} ({count}x)" for kind, count in Counter(kinds).items())


def _torch_kinds(block: Any, branches: bool = True) -> Iterator[str]:
    """Of a torch graph or block; without `branches` what an `if` guards is left out."""
    for node in block.nodes():
        for inner in node.blocks() if branches or node.kind() != "prim::If" else ():
            yield from _torch_kinds(inner, branches)
        namespace, _, operator = node.kind().partition("::")
        operator = operator.removesuffix("_")
        if namespace != "aten":
            continue
        if operator in TORCH_RANDOM:
            yield RANDOM
        elif operator in TORCH_FLAGS:
            kind, flag, rate = TORCH_FLAGS[operator]
            constant, value = _argument(node, flag)
            if constant and value and not (rate and _is_off(*_argument(node, rate))):
                yield kind


def _is_off(constant: bool, value: Any) -> bool:
    """Whether an argument switches its operator off: a rate of 0, or None."""
    return constant and (value is None or (isinstance(value, int | float) and value == 0))


def _argument(node: Any, name: str) -> tuple[bool, Any]:
    """(whether it is a constant, its value) of an argument of a node."""
    try:
        value = node.namedInput(name)
    except RuntimeError:  # another overload, without it
        return False, None
    return (True, value.toIValue()) if value.node().kind() == "prim::Constant" else (False, None)


def _onnx_kinds(graph: Any, onnx: Any) -> Iterator[str]:
    """Of a GraphProto or FunctionProto, and the graphs inside its nodes."""
    constants = {each.name: each for each in getattr(graph, "initializer", ())}
    for node in graph.node:
        attributes = {each.name: each for each in node.attribute}
        if node.op_type == "Constant" and "value" in attributes:
            constants[node.output[0]] = attributes["value"].t
        for each in node.attribute:
            for inner in [each.g] if each.HasField("g") else [*each.graphs]:
                yield from _onnx_kinds(inner, onnx)
        if node.op_type in ONNX_RANDOM:
            yield RANDOM
        elif node.op_type == "BatchNormalization":
            mode = attributes.get("training_mode")
            if mode is not None and mode.i:
                yield BATCH_STATISTICS
        elif node.op_type == "Dropout" and len(node.input) > 2 and node.input[2] in constants:
            ratio = constants.get(node.input[1])
            dropped = ratio is None or onnx.numpy_helper.to_array(ratio).item() > 0
            if dropped and onnx.numpy_helper.to_array(constants[node.input[2]]).item():
                yield DROPOUT
