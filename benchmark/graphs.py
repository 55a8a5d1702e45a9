"""What a saved graph (TorchScript, ONNX) does that belongs to training alone.

Exported in training mode, dropout, batch norm by the statistics of the batch, and stochastic depth
are constants of the graph: `eval()` does not reach them.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark.errors import OneshotError
from benchmark.files import inside

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
MOST_ONNX_BYTES = 2 << 30  # of a protocol buffer
MOST_FIELDS = 20_000_000
MESSAGES = {  # of onnx.proto: the fields that lead to the names of other files
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
KEY, VALUE = 1, 2  # of an entry
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


def onnx_external(path: Path, content: bytes) -> list[Path]:
    """Files beside an ONNX file that hold its weights, sorted; no package is needed.

    Args:
        path: the ONNX file.
        content: its bytes.

    Raises:
        OneshotError: it is damaged, or names a file outside its own folder or one that is not
            there.
    """
    try:
        names = sorted(set(_locations(content)))
    except (ValueError, IndexError) as error:
        raise OneshotError(f"{path} cannot be read as ONNX: {error}.") from error
    found = []
    for name in names:
        place = path.parent / name
        if not name or Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name:
            raise OneshotError(f"{path} names weights outside its own folder: {name!r}.")
        if not inside(path.parent, place).is_file():
            raise OneshotError(
                f"{path} keeps weights in {name!r}, which is not beside it.",
                f"Copy that file into {path.parent} too.",
            )
        found.append(place)
    return found


def _locations(content: bytes) -> Iterator[str]:
    """The value of each entry "location" of the external data of a tensor."""
    if b"location" not in content:
        return
    rest, count = [("model", 0, len(content))], 0
    while rest:
        kind, at, end = rest.pop()
        key = value = b""
        while at < end:
            count += 1
            if count > MOST_FIELDS:
                raise ValueError(f"it has more than {MOST_FIELDS:,} fields")
            number, start, at = _field(content, at, end)
            if kind == "entry":
                key = content[start:at] if number == KEY else key
                value = content[start:at] if number == VALUE else value
            elif number in MESSAGES[kind]:
                rest.append((MESSAGES[kind][number], start, at))
        if key == b"location":
            yield value.decode()


def _field(content: bytes, at: int, end: int) -> tuple[int, int, int]:
    """(its number, where its value starts and ends) of the field of a message at a position."""
    tag, at = _varint(content, at)
    number, wire = tag >> 3, tag & 7
    if wire == 0:
        start, at = at, _varint(content, at)[1]
    elif wire == 2:
        length, start = _varint(content, at)
        at = start + length
    elif wire in (1, 5):
        start, at = at, at + (8 if wire == 1 else 4)
    else:
        raise ValueError("it is not a protocol buffer")
    if at > end:
        raise ValueError("it is cut short")
    return number if wire == 2 else 0, start, at


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """(value, position after it) of an integer of variable length."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(content):
            break
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("it is cut short")


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
            rate = _number(constants.get(node.input[1]), onnx)
            if rate != 0 and _number(constants[node.input[2]], onnx) != 0:
                yield DROPOUT


def _number(constant: Any, onnx: Any) -> float | None:
    """The value of a constant with one element; None for others, and where a file holds it."""
    if constant is None or constant.data_location == onnx.TensorProto.EXTERNAL:
        return None
    found = onnx.numpy_helper.to_array(constant)
    return float(found.item()) if found.size == 1 else None
