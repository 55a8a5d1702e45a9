"""The backbone for texts: padding, characters and sizes."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from baselines.backbones import _build
from baselines.backbones._measure import describe, multiply_adds
from baselines.backbones._unicode import decompositions

from .test_backbones import parameters

QUARTER = 1 / 4
LENGTH = 12


def code_points(*texts: str, length: int = LENGTH) -> Tensor:
    return torch.tensor([[*map(ord, text), *[0] * (length - len(text))] for text in texts])


def test_texts_become_vectors_that_learn() -> None:
    network = _build.build("char-cnn", 3, LENGTH, QUARTER, seed=0)  # no matter the channels
    embeddings = network(code_points("Rio Branco", "Ōsaka", "Αθήνα"))
    assert embeddings.shape == (3, 64) and embeddings.dtype == torch.float32
    assert bool((embeddings >= 0).all())
    (embeddings * torch.arange(64)).sum().backward()
    for parameter in network.parameters():
        assert parameter.grad is not None and bool(parameter.grad.any())
        assert bool(parameter.grad.isfinite().all())


def test_a_texts_numbers_depend_on_its_characters_alone() -> None:
    network = _build.build("char-cnn", 1, LENGTH, QUARTER, seed=0)
    network(code_points("Lima", "Quito"))  # batch norm has seen something
    network.eval()
    with torch.inference_mode():
        names = code_points("Lima", "Mali")
        together = network(names)
        assert not torch.allclose(together[0], together[1])  # the order counts
        assert torch.allclose(together[:1], network(code_points("Lima", length=4)), atol=1e-6)
        assert torch.allclose(together, network(code_points("Lima", "Mali", length=30)), atol=1e-6)
        assert torch.equal(together, network(names.float()))
        assert bool(network(code_points("")).isfinite().all())
        largest = torch.tensor([[0x10FFFF, 0x4E00]])
        assert bool(network(largest).isfinite().all())
        assert torch.equal(network(largest), network(largest.float()))


def test_a_text_never_sees_its_neighbours_in_a_batch() -> None:
    network = _build.build("char-cnn", 1, LENGTH, QUARTER, seed=0)
    network(code_points("Lima", "Quito"))
    network.eval()
    with torch.inference_mode():
        beside = [network(code_points("Peru", "Lima", other))[1] for other in ("", "Quito", "x")]
    assert all(torch.allclose(numbers, beside[0], atol=1e-6) for numbers in beside)


def test_the_maximum_and_the_mean_stand_side_by_side() -> None:
    network = _build.build("char-cnn", 1, LENGTH, QUARTER, seed=0).eval()
    with torch.inference_mode():
        largest, mean = network(code_points("Quito", "Lima")).chunk(2, dim=1)
    assert bool((mean <= largest + 1e-6).all()) and bool((mean < largest).any())


def test_letters_share_what_unicode_says_they_share() -> None:
    network = _build.build("char-cnn", 1, LENGTH, QUARTER, seed=0)
    with torch.inference_mode():
        e, acute, dotted, capital, other = (
            network._embedded(torch.tensor([ord(letter)]))  # type: ignore[operator]
            for letter in ("e", "\u0301", "\u1eb9", "E", "f")
        )
        both = network._embedded(torch.tensor([ord("É")]))  # type: ignore[operator]
    assert torch.allclose(both - e, (capital - e) + acute, atol=1e-6)
    assert not torch.allclose(dotted - e, acute) and not torch.allclose(other, e)


def test_letters_are_taken_apart() -> None:
    table = decompositions()
    apart = {letter: [*map(int, table[ord(letter)])] for letter in "eẾß각"}
    assert apart["e"] == [ord("e"), 0, 0, 0]
    assert apart["Ế"] == [ord("e"), 0x302, 0x301, 1]
    assert apart["ß"] == [ord("ß"), 0, 0, 0]
    assert apart["각"] == [0x1100, 0x1161, 0x11A8, 0]
    assert table.shape == (65_536, 4)


def test_padding_is_zero_and_no_character_shares_its_row() -> None:
    network = _build.build("char-cnn", 1, LENGTH, 1.0, seed=0)
    weights = network.characters.weight  # type: ignore[union-attr]
    assert weights.shape == (4094, 32) and not bool(weights[0].any())
    with torch.inference_mode():
        prime = torch.tensor([[4093]])  # a multiple of the table is a character all the same
        assert bool(network.eval()(prime).any())


def test_embeddings_follow_from_the_seed() -> None:
    first, same, other = (
        _build.build("char-cnn", 1, LENGTH, QUARTER, seed).state_dict() for seed in (0, 0, 1)
    )
    assert all(torch.equal(first[key], same[key]) for key in first)
    assert not torch.equal(first["characters.weight"], other["characters.weight"])


def test_sizes_by_hand() -> None:
    network = _build.build("char-cnn", 1, 32, 1.0, seed=0)
    products = 3 * 32 * 128 + 2 * 3 * 128 * 128
    framed = 32 + 2 + 1  # its start, its end and a gap
    assert parameters(network) == 4094 * 32 + products + 3 * 2 * 128
    assert describe(network, 1, 32).output_width == 256
    assert multiply_adds(network, 1, 32) == framed * products


def test_backbones_say_whether_they_take_texts(tmp_path: Path) -> None:
    assert _build.takes("char-cnn") == ("text",)
    assert "text" not in _build.takes("conv4") + _build.takes("timm:resnet18")
    file = tmp_path / "my_text_net.py"
    file.write_text(
        "from torch import nn\n\n\nclass Net(nn.Module):\n    family = 'text'\n\n"
        "    def forward(self, texts):\n        return texts.float()\n"
    )
    assert _build.takes(f"{file}:Net") == ("text",)
    network = _build.build(f"{file}:Net", 1, LENGTH, 1.0, seed=0)
    assert _build.checked_width(f"{file}:Net", network, 1, LENGTH) == LENGTH


def test_a_text_of_nothing_but_padding_has_a_start_and_an_end() -> None:
    network = _build.build("char-cnn", 1, 4, QUARTER, seed=0)
    embeddings = network(torch.zeros(2, 4, dtype=torch.int64))
    assert bool(embeddings.isfinite().all()) and torch.allclose(*embeddings, atol=1e-6)
