"""TorchScript and ONNX files: declared inputs, several outputs, pair networks, training mode."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.adapters import _file
from benchmark import check, evaluate
from benchmark.errors import ModelFailed, OneshotError
from benchmark.evaluation.job import RunSpec, build
from benchmark.graphs import onnx_external, onnx_training_operators, training_operators
from benchmark.protocols import TrackInfo
from benchmark.registry import recipe_of, resolve
from benchmark.tasks import track as find_track

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
helper, TYPE = onnx.helper, onnx.TensorProto
IMAGES = torch.rand(10, 1, 8, 8, generator=torch.Generator().manual_seed(0))
WEIGHT = torch.randn(64, 5, generator=torch.Generator().manual_seed(1))
WANTED = IMAGES.flatten(1) @ WEIGHT


@pytest.fixture
def track() -> TrackInfo:
    return TrackInfo("omniglot-within", "character", channels=1, side=8)


def built(name: str, track: TrackInfo, **settings: Any) -> Any:
    return resolve(name, settings).build(0, track, "quick")


def scripted(
    network: nn.Module, path: Path, *examples: Tensor, train: bool = False, script: bool = False
) -> str:
    network.train(train)
    if script:
        torch.jit.script(network).save(str(path))
    else:
        given = examples or (IMAGES[:4],)
        torch.jit.trace(network, given, check_trace=False, strict=False).save(str(path))
    return f"torchscript:{path}"


def graph(
    path: Path,
    nodes: list[Any],
    inputs: list[tuple[str, int, list[Any]]],
    outputs: list[tuple[str, int, list[Any]]],
    **constants: Any,
) -> str:
    """Writes an ONNX file; constants become initializers."""
    made = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        [onnx.numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return f"onnx:{path}"


def embedding(source: str, *before: Any) -> list[Any]:
    """Nodes from images called `source` to the output "e"."""
    return [
        *before,
        helper.make_node("Reshape", [source, "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["e"]),
    ]


CONSTANTS = {"shape": np.array([-1, 64]), "w": WEIGHT.numpy()}


# Inputs that a file declares.


def cast(to: int) -> Any:
    return helper.make_node("Cast", ["x"], ["float"], to=to)


@pytest.mark.parametrize("batch", [1, 3, 4, 16])
def test_a_fixed_batch_is_fed_in_batches_of_its_size(
    batch: int, track: TrackInfo, tmp_path: Path
) -> None:
    shape = [batch, 1, 8, 8]
    inputs, outputs = [("x", TYPE.FLOAT, shape)], [("e", TYPE.FLOAT, [batch, 5])]
    name = graph(tmp_path / "net.onnx", embedding("x"), inputs, outputs, **CONSTANTS)
    model = built(name, track)
    assert torch.allclose(model.embed(IMAGES), WANTED, atol=1e-5)
    assert model.recipe["batch_size"] == batch


def test_other_layouts_and_types_are_fed_as_declared(track: TrackInfo, tmp_path: Path) -> None:
    outputs = [("e", TYPE.FLOAT, ["n", 5])]
    nhwc = helper.make_node("Transpose", ["x"], ["nchw"], perm=[0, 3, 1, 2])
    name = graph(
        tmp_path / "nhwc.onnx", embedding("nchw", nhwc), [("x", TYPE.FLOAT, ["n", 8, 8, 1])],
        outputs, **CONSTANTS,
    )  # fmt: skip
    model = built(name, track)
    assert torch.allclose(model.embed(IMAGES), WANTED, atol=1e-5)
    assert model.recipe["layout"] == "nhwc"
    for kind, atol in ((TYPE.FLOAT16, 0.05), (TYPE.DOUBLE, 1e-5)):
        name = graph(
            tmp_path / "net.onnx", embedding("float", cast(TYPE.FLOAT)),
            [("x", kind, ["n", 1, 8, 8])], outputs, **CONSTANTS,
        )  # fmt: skip
        assert torch.allclose(built(name, track).embed(IMAGES), WANTED, atol=atol)
    name = graph(
        tmp_path / "bytes.onnx", embedding("float", cast(TYPE.FLOAT)),
        [("x", TYPE.UINT8, [None, 1, 8, 8])], outputs, **CONSTANTS,
    )  # fmt: skip
    stored = (IMAGES * 255).round() / 255
    found = built(name, track).embed(stored) / 255
    assert torch.allclose(found, stored.flatten(1) @ WEIGHT, atol=1e-4)
    with pytest.raises(OneshotError, match="takes bytes"):
        built(name, track, normalise="0.5/0.25")


def test_size_and_channels_follow_the_file(tmp_path: Path) -> None:
    photographs = TrackInfo("mini-imagenet", "photograph", channels=3, side=84)
    inputs, outputs = [("x", TYPE.FLOAT, ["n", 1, 8, 8])], [("e", TYPE.FLOAT, ["n", 5])]
    name = graph(tmp_path / "net.onnx", embedding("x"), inputs, outputs, **CONSTANTS)
    model = built(name, photographs)
    assert (model.input_size, model.channels) == (8, 1)
    open_sides = [("x", TYPE.FLOAT, ["n", 1, "h", "w"])]
    name = graph(tmp_path / "open.onnx", embedding("x"), open_sides, outputs, **CONSTANTS)
    assert built(name, photographs).input_size == 84
    for setting in (
        "input_size=9",
        "channels=3",
        "layout=nhwc",
        "batch_size=4",
        "input_type=uint8",
    ):
        key, value = setting.split("=")
        fixed = graph(
            tmp_path / "fixed.onnx", embedding("x"), [("x", TYPE.FLOAT, [2, 1, 8, 8])], outputs,
            **CONSTANTS,
        )  # fmt: skip
        with pytest.raises(OneshotError, match=f"{setting} does not fit") as raised:
            built(fixed, photographs, **{key: value})
        assert "x float32 [2, 1, 8, 8]" in str(raised.value)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([("x", TYPE.INT64, ["n", 1, 8, 8])], r"takes x int64 \[\?, 1, 8, 8\]; expected character"),
        ([("x", TYPE.STRING, ["n"])], r"tensor\(string\)"),
        ([("x", TYPE.FLOAT, ["n", 64])], r"expected character data, \[n, c, h, w\]"),
        ([("x", TYPE.FLOAT, ["n", 1, 8, 16])], "square"),
        ([("x", TYPE.FLOAT, ["n", 5, 8, 8])], "1 or 3 channels"),
        ([("x", TYPE.FLOAT, ["n", 1, 8, 8]), ("y", TYPE.FLOAT, ["n", 3])], "differ .*y float32"),
        ([(name, TYPE.FLOAT, ["n", 1, 8, 8]) for name in "xyz"], "has 3 inputs .*z float32"),
    ],
)  # fmt: skip
def test_other_inputs_are_refused_by_name(
    inputs: list[Any], message: str, track: TrackInfo, tmp_path: Path
) -> None:
    nodes = [helper.make_node("Identity", [inputs[0][0]], ["e"])]
    outputs = [("e", inputs[0][1], inputs[0][2])]
    with pytest.raises(OneshotError, match=message):
        built(graph(tmp_path / "net.onnx", nodes, inputs, outputs), track)


def test_vectors_are_taken_where_the_file_takes_vectors(tmp_path: Path) -> None:
    track = TrackInfo("own", "vector", channels=64, side=1)
    inputs, outputs = [("x", TYPE.FLOAT, ["n", 64])], [("e", TYPE.FLOAT, ["n", 5])]
    name = graph(tmp_path / "net.onnx", embedding("x"), inputs, outputs, **CONSTANTS)
    assert torch.allclose(built(name, track).embed(IMAGES.flatten(1)), WANTED, atol=1e-5)
    with pytest.raises(OneshotError, match="has vectors of 65 numbers"):
        built(name, TrackInfo("own", "vector", channels=65, side=1))


def test_what_a_network_expects_is_shown(track: TrackInfo, tmp_path: Path) -> None:
    # It declares any batch, and reshapes to one of four.
    constants = {**CONSTANTS, "shape": np.array([4, 64])}
    inputs, outputs = [("x", TYPE.FLOAT, ["n", 1, 8, 8])], [("e", TYPE.FLOAT, ["n", 5])]
    name = graph(tmp_path / "four.onnx", embedding("x"), inputs, outputs, **constants)
    with pytest.raises(ModelFailed, match="batch_size") as raised:
        built(name, track).embed(IMAGES)
    assert "Please fix" not in str(raised.value) and str(tmp_path) not in str(raised.value)
    assert torch.allclose(built(name, track, batch_size=4).embed(IMAGES), WANTED, atol=1e-5)
    model = built(graph(tmp_path / "n.onnx", embedding("x"), inputs, outputs, **CONSTANTS), track)
    with pytest.raises(ModelFailed, match=r"index: 2 Got: 7 Expected: 8.*It declares x float32"):
        model.embed(IMAGES[:, :, :7, :7])


class Four(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(4, -1) @ WEIGHT


class Half(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(WEIGHT.half())

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.w


def test_torchscript_is_fed_as_its_weights_and_the_settings_say(
    track: TrackInfo, tmp_path: Path
) -> None:
    four = scripted(Four(), tmp_path / "four.pt")
    with pytest.raises(ModelFailed, match="batch_size"):
        built(four, track).embed(IMAGES)
    assert torch.allclose(built(four, track, batch_size=4).embed(IMAGES), WANTED, atol=1e-5)
    half = scripted(Half(), tmp_path / "half.pt", IMAGES[:4].half())
    out = built(half, track).embed(IMAGES)
    assert out.dtype == torch.float32 and torch.allclose(out, WANTED, atol=0.05)


# Outputs.


class Named(NamedTuple):
    logits: Tensor
    embedding: Tensor


class NamedSeveral(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("w", WEIGHT)

    def forward(self, x: Tensor) -> Named:
        e = x.flatten(1) @ self.w
        return Named(e[:, :3] * 0, e)


class Several(nn.Module):
    """The logits, and the embedding in the given form."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form

    def forward(self, x: Tensor) -> Any:
        e = x.flatten(1) @ WEIGHT
        logits = e[:, :3] * 0
        forms: dict[str, Callable[[], Any]] = {
            "tuple": lambda: (logits, e),
            "list": lambda: [logits, e],
            "dict": lambda: {"logits": logits, "embedding": e},
            "nested": lambda: (logits, (logits, e)),
            "single": lambda: (e,),
        }
        return forms[self.form]()


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("tuple", ["1"]),
        ("dict", ["embedding", "1"]),
        ("nested", ["1.1", "2"]),
        ("named", ["embedding", "1"]),
        ("onnx", ["embedding", "1"]),
    ],
)
def test_one_of_several_outputs_is_chosen(
    form: str, names: list[str], track: TrackInfo, tmp_path: Path
) -> None:
    if form == "onnx":
        nodes = [
            *embedding("x"),
            helper.make_node("Identity", ["e"], ["embedding"]),
            helper.make_node("Relu", ["e"], ["logits"]),
        ]
        outputs = [("logits", TYPE.FLOAT, ["n", 5]), ("embedding", TYPE.FLOAT, ["n", 5])]
        inputs = [("x", TYPE.FLOAT, ["n", 1, 8, 8])]
        name = graph(tmp_path / "both.onnx", nodes, inputs, outputs, **CONSTANTS)
    elif form == "named":
        name = scripted(NamedSeveral(), tmp_path / "both.pt", script=True)
    else:
        name = scripted(Several(form), tmp_path / "both.pt")
    with pytest.raises(OneshotError, match=r"outputs \(0: .*\[\?, 5\]") as raised:
        built(name, track)
    assert "--set output=" in raised.value.hint
    recorded = set()
    for output in names:
        model = built(name, track, output=output)
        assert torch.allclose(model.embed(IMAGES), WANTED, atol=1e-5)
        recorded.add(model.recipe["output"])
    assert recorded == {names[0]}  # one recipe, whichever way it was typed
    with pytest.raises(OneshotError, match="no output 'embeding'"):
        built(name, track, output="embeding")
    with pytest.raises(OneshotError, match="no output '9'"):
        built(name, track, output="9")


def test_a_single_output_needs_no_name(track: TrackInfo, tmp_path: Path) -> None:
    model = built(scripted(Several("single"), tmp_path / "one.pt"), track)
    assert torch.allclose(model.embed(IMAGES), WANTED, atol=1e-5)
    plain = scripted(nn.Flatten(), tmp_path / "plain.pt")
    recipe = built(plain, track).recipe
    assert not {"output", "layout", "input_type", "batch_size", "pair_output"} & set(recipe)
    assert recipe == built(plain, track, layout="nchw", output="0", batch_size=0).recipe


# Pair networks.


class Pair(nn.Module):
    """Minus the Manhattan distance, or the distance; one number, two or a column a pair."""

    def __init__(self, form: str = "column", sign: int = -1) -> None:
        super().__init__()
        self.form, self.sign = form, sign

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        found = self.sign * (a - b).flatten(1).abs().sum(dim=1, keepdim=True)
        if self.form == "two":
            return torch.cat([found, -found], dim=1)
        return found[:, 0] if self.form == "flat" else found


def onnx_pair(path: Path, sign: float = -1.0, batch: int | str = "n") -> str:
    nodes = [
        helper.make_node("Sub", ["a", "b"], ["d"]),
        helper.make_node("Abs", ["d"], ["m"]),
        helper.make_node("ReduceSum", ["m", "axes"], ["s"], keepdims=0),
        helper.make_node("Mul", ["s", "sign"], ["same"]),
    ]
    shape = [batch, 1, 8, 8]
    return graph(
        path, nodes, [("a", TYPE.FLOAT, shape), ("b", TYPE.FLOAT, shape)],
        [("same", TYPE.FLOAT, [batch])], axes=np.array([1, 2, 3]), sign=np.float32(sign),
    )  # fmt: skip


def manhattan(support: Tensor, queries: Tensor) -> Tensor:
    return -torch.cdist(queries.flatten(1), support.flatten(1), p=1)


@pytest.mark.parametrize("form", ["flat", "column", "script", "onnx", "batch"])
@pytest.mark.parametrize("meaning", ["", "similarity", "distance"])
def test_two_inputs_and_one_number_are_a_pair_scorer(
    form: str,
    meaning: str,
    track: TrackInfo,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _file.say_once.cache_clear()
    sign = 1 if meaning == "distance" else -1
    if form in ("onnx", "batch"):
        name = onnx_pair(tmp_path / "pair.onnx", sign, 3 if form == "batch" else "n")
    else:
        pair = Pair(form, sign)
        name = scripted(
            pair, tmp_path / "pair.pt", IMAGES[:4], IMAGES[4:8], script=form == "script"
        )
    settings = {"pair_output": meaning} if meaning else {}
    spec = resolve(name, settings)
    with caplog.at_level(logging.WARNING):
        model = spec.build(0, track, "quick")
        found = model.similarity(IMAGES[:7], IMAGES[3:])
    assert torch.allclose(found, manhattan(IMAGES[:7], IMAGES[3:]), atol=1e-4)
    assert not callable(getattr(model, "embed", None))
    recipe = recipe_of(model, spec, "quick")
    assert recipe["pair_output"] == (meaning or "similarity") and "shots" not in recipe
    assert ("taken as a similarity" in caplog.text) == (not meaning)
    assert "less alike to themselves" not in caplog.text
    with pytest.raises(OneshotError, match="distance has no effect"):
        built(name, track, distance="cosine")


def test_a_number_that_points_the_wrong_way_is_said(
    track: TrackInfo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for sign, meaning, other in ((1, "similarity", "distance"), (-1, "distance", "similarity")):
        _file.say_once.cache_clear()
        caplog.clear()
        model = built(onnx_pair(tmp_path / "pair.onnx", sign), track, pair_output=meaning)
        model.similarity(IMAGES[:2], IMAGES[2:])
        assert f"Then add --set pair_output={other}" in caplog.text


@pytest.mark.training
@pytest.mark.parametrize("task", ["glyphs-5w1s", "glyphs-verification", "glyphs-retrieval"])
def test_pair_networks_answer_every_kind_of_task(task: str, tmp_path: Path) -> None:
    images = torch.rand(2, 1, 8, 8)
    name = scripted(Pair(), tmp_path / "pair.pt", images, images)
    settings = {"input_size": 8, "pair_output": "similarity"}
    record = evaluate(name, task, settings=settings, device="cpu")
    assert record.status == "ok" and record.outcome is not None
    assert record.model.recipe["pair_output"] == "similarity"


def test_other_answers_of_a_pair_network_are_refused(track: TrackInfo, tmp_path: Path) -> None:
    name = scripted(Pair("two"), tmp_path / "two.pt", IMAGES[:4], IMAGES[4:8])
    with pytest.raises(ModelFailed, match=r"\[.*2\] for .* pairs; expected one number each"):
        built(name, track).similarity(IMAGES[:2], IMAGES[2:])
    single = scripted(nn.Flatten(), tmp_path / "one.pt")
    with pytest.raises(OneshotError, match="pair_output has no effect"):
        built(single, track, pair_output="distance")


# Training mode.


class Functional(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return functional.dropout(x, 0.3, self.training)


class Depth(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rand(len(x), 1, 1, 1).add(0.5).floor() if self.training else x


MODES = {
    "dropout": (lambda: nn.Dropout(0.5), "dropout in training mode"),
    "functional": (lambda: nn.Sequential(nn.Identity(), Functional()), "dropout in training mode"),
    "maps": (lambda: nn.Dropout2d(0.2), "dropout in training mode"),
    "alpha": (lambda: nn.AlphaDropout(0.2), "dropout in training mode"),
    "batch": (lambda: nn.Sequential(nn.BatchNorm2d(1)), "batch norm by the statistics"),
    "instance": (lambda: nn.InstanceNorm2d(1, track_running_stats=True), "instance norm"),
    "depth": (Depth, "random numbers"),
    "leaky": (nn.RReLU, "random numbers"),
}


@pytest.mark.parametrize("kind", MODES)
@pytest.mark.parametrize("script", [False, True])
def test_a_module_traced_in_training_mode_is_refused_by_name(
    kind: str, script: bool, track: TrackInfo, tmp_path: Path
) -> None:
    make, found = MODES[kind]
    network = nn.Sequential(make(), nn.Flatten())
    evaluated = built(scripted(network, tmp_path / "eval.pt", script=script), track)
    assert evaluated.training_mode == () and evaluated.embed(IMAGES).shape == (10, 64)
    model = built(scripted(network, tmp_path / "train.pt", train=True, script=script), track)
    if script:  # its flags can still be changed, and were
        assert torch.equal(model.embed(IMAGES), evaluated.embed(IMAGES))
        return
    with pytest.raises(ModelFailed, match=rf"^train.pt was exported.*{found}.*model\.eval\(\)"):
        model.embed(IMAGES)


def test_what_eval_mode_cannot_settle_is_refused_and_what_is_harmless_is_not() -> None:
    def operators(network: nn.Module, script: bool = True) -> tuple[str, ...]:
        file = io.BytesIO()
        traced = torch.jit.trace(network, IMAGES, check_trace=False)
        torch.jit.save(torch.jit.script(network) if script else traced, file)
        file.seek(0)
        return training_operators(torch.jit.load(file).eval())

    for script in (False, True):
        without = nn.BatchNorm2d(1, track_running_stats=False).eval()
        assert "batch norm" in " ".join(operators(without, script))
        assert operators(nn.InstanceNorm2d(1).eval(), script) == ()  # looks at one item alone
        assert operators(nn.Dropout(0.0).train(), script) == ()


@pytest.mark.parametrize("kind", ["dropout", "constant", "branch", "batch", "random"])
@pytest.mark.parametrize("train", [False, True])
def test_an_onnx_file_in_training_mode_is_refused_by_name(
    kind: str, train: bool, track: TrackInfo, tmp_path: Path
) -> None:
    constants: dict[str, Any] = {**CONSTANTS, "ratio": np.float32(0.5), "mode": np.bool_(train)}
    drop = helper.make_node("Dropout", ["x", "ratio", "mode"], ["d"])
    found = "dropout in training mode"
    if kind == "dropout":
        nodes = embedding("d", drop)
    elif kind == "constant":
        value = onnx.numpy_helper.from_array(constants.pop("mode"))
        nodes = embedding("d", helper.make_node("Constant", [], ["mode"], value=value), drop)
    elif kind == "branch":
        constants["condition"] = np.bool_(True)
        inner = [
            onnx.numpy_helper.from_array(np.asarray(constants.pop(name)), name)
            for name in ("ratio", "mode")
        ]
        out = [helper.make_tensor_value_info("d", TYPE.FLOAT, None)]
        body = helper.make_graph([drop], "then", [], out, inner)
        other = helper.make_graph([helper.make_node("Identity", ["x"], ["d"])], "else", [], out)
        choice = helper.make_node(
            "If", ["condition"], ["c"], then_branch=body, else_branch=other
        )  # fmt: skip
        nodes = embedding("c", choice)
    elif kind == "batch":
        found = "batch norm by the statistics"
        for name, value in (("scale", 1), ("bias", 0), ("mean", 0), ("var", 1)):
            constants[name] = np.full(1, value, dtype=np.float32)
        names = ["x", "scale", "bias", "mean", "var"]
        made = ["d", "m", "v"] if train else ["d"]
        norm = helper.make_node("BatchNormalization", names, made, training_mode=int(train))
        nodes = embedding("d", norm)
    else:
        found = "random numbers"
        noise = helper.make_node("RandomNormalLike", ["x"], ["r"])
        nodes = embedding(
            "d",
            noise,
            helper.make_node("Add" if train else "Identity", ["x", "r"][: 1 + train], ["d"]),
        )
        nodes = nodes if train else nodes[1:]
    inputs, outputs = [("x", TYPE.FLOAT, ["n", 1, 8, 8])], [("e", TYPE.FLOAT, ["n", 5])]
    name = graph(tmp_path / "net.onnx", nodes, inputs, outputs, **constants)
    operators = onnx_training_operators((tmp_path / "net.onnx").read_bytes())
    assert operators is not None and (found in " ".join(operators)) == train
    model = built(name, track)
    if train:
        with pytest.raises(ModelFailed, match=f"net.onnx was exported in training mode.*{found}"):
            model.embed(IMAGES)
    else:
        assert torch.allclose(model.embed(IMAGES), WANTED, atol=1e-5)


class Holds:
    """A user's class around a module that was traced in training mode."""

    def __init__(self, path: str) -> None:
        self.net = torch.jit.load(path)

    def eval(self) -> None:
        self.net.eval()

    def embed(self, images: Tensor) -> Tensor:
        out: Tensor = self.net(images)
        return out


@pytest.mark.training
def test_the_check_of_train_mode_reads_graphs(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Dropout(0.5), nn.Flatten())
    name = scripted(network, tmp_path / "train.pt", train=True)
    for outcome in (
        check(Holds(str(tmp_path / "train.pt")))["train-mode"],
        check(name, settings={"input_size": 8})["train-mode"],
    ):
        assert outcome.state == "failed" and "dropout in training mode (1x)" in outcome.seen
    name = scripted(network, tmp_path / "eval.pt")
    assert check(Holds(str(tmp_path / "eval.pt")))["train-mode"].state == "passed"
    assert check(name, settings={"input_size": 8})["train-mode"].state == "passed"


@pytest.mark.parametrize("name", ["w.data", "weights/w.bin", "w" * 200])
def test_weights_in_a_second_file_are_part_of_an_onnx_model(tmp_path, monkeypatch, name):
    weights = np.random.default_rng(0).normal(size=(784, 4)).astype(np.float32)
    flat = helper.make_node("Flatten", ["x"], ["flat"])
    nodes = [flat, helper.make_node("MatMul", ["flat", "w"], ["e"])]
    ports = [("x", 1, ["n", 1, 28, 28])], [("e", 1, ["n", 4])]
    path = tmp_path / "large.onnx"
    graph(path, nodes, *ports, w=weights)
    assert onnx_external(path, path.read_bytes()) == []
    model = onnx.load(path)
    (tensor,) = model.graph.initializer
    onnx.external_data_helper.set_external_data(tensor, name, 0, weights.nbytes)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    path.write_bytes(model.SerializeToString())
    second = tmp_path / name
    second.parent.mkdir(exist_ok=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")  # the file is looked for beside the model
    spec = resolve(f"onnx:{path}")
    with pytest.raises(OneshotError, match="keeps weights in .*w.*which is not beside it"):
        build(RunSpec(spec, find_track("glyphs"), 0, "quick", ()))
    found = {}
    for scale in (1, 2):
        second.write_bytes((scale * weights).tobytes())
        assert onnx_external(path, path.read_bytes()) == [second]
        made, recipe = build(RunSpec(spec, find_track("glyphs"), 0, "quick", ()))
        found[scale] = made.embed(torch.ones(1, 1, 28, 28)), recipe
    assert torch.allclose(2 * found[1][0], found[2][0], rtol=1e-4)
    assert found[1][1] != found[2][1], "other weights are another recipe"
