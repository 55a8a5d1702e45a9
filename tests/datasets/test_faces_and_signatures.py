"""ORL faces and NFI signatures: layout, checks by name, and the real ones by their digest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmark.datasets import catalogue, nfi_signatures, orl_faces, prepare
from benchmark.datasets.data_set import whole
from benchmark.errors import OneshotError
from tests.datasets.conftest import Files, encoded


def learn_digest(monkeypatch, module, constant):
    """Whatever is read first counts as the published data."""

    def first(name, *rest):
        data = whole(name, *rest)
        known = getattr(module, constant)
        if known.digest is None:
            monkeypatch.setattr(module, constant, replace(known, digest=data.digest))
        return data

    monkeypatch.setattr(module, "whole", first)
    monkeypatch.setattr(module, constant, replace(getattr(module, constant), digest=None))


@pytest.fixture
def fake_orl(monkeypatch) -> Files:
    random = np.random.Generator(np.random.Philox(1))
    learn_digest(monkeypatch, orl_faces, "ORL_FACES")
    return Files(
        {
            f"s{person}/{picture}.pgm": encoded(
                random.integers(0, 256, (112, 92), dtype=np.uint8), "PPM"
            )
            for person in range(1, 41)
            for picture in range(1, 11)
        }
    )


@pytest.fixture
def fake_nfi(monkeypatch) -> Files:
    learn_digest(monkeypatch, nfi_signatures, "NFI_SIGNATURES")
    known = replace(nfi_signatures.NFI_SIGNATURES, items=4)
    monkeypatch.setattr(nfi_signatures, "NFI_SIGNATURES", known)
    wide, high = np.full((20, 60), 255, np.uint8), np.full((60, 20), 255, np.uint8)
    wide[10], high[:, 10] = 0, 0
    return Files(
        {
            "forged/NFI-00201001.png": encoded(wide),
            "genuine/NFI-00101001.png": encoded(high),
            "genuine/NFI-00102001.png": encoded(wide),
            "genuine/NFI-00201002.png": encoded(wide),
        }
    )


def test_faces_are_padded_by_their_edge_and_folded_by_person(tmp_path, fake_orl):
    data = orl_faces.read(fake_orl.to_folder(tmp_path / "orl"))
    assert data.stored.shape == (400, 1, 112, 112)
    assert data.class_names[:2] == ("s01", "s02") and data.class_names[-1] == "s40"
    assert (data.stored[..., :10] == data.stored[..., 10:11]).all()
    assert (data.stored[..., 102:] == data.stored[..., 101:102]).all()
    assert np.bincount(data.class_groups("fold")).tolist() == [8] * 5
    again = orl_faces.read(fake_orl.to_zip(tmp_path / "orl.zip"))
    assert again.digest == data.digest


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.pop("s7/3.pgm"), "399 of the 400 pictures; missing is first s7/3.pgm"),
        (lambda f: f.update({"s7/3.pgm": b"P5 junk"}), "s7/3.pgm"),
        (
            lambda f: f.update({"s7/3.pgm": encoded(np.zeros((92, 112), np.uint8), "PPM")}),
            "112x92 of mode L, expected 92x112",
        ),
        (lambda f: f.update({"s7/3.pgm": f["s7/3.pgm"][:500]}), "damaged PGM"),
        (lambda f: f.update({"S7/3.pgm": f["s7/3.pgm"]}), "s7/3.pgm twice"),
    ],
)
def test_what_is_wrong_with_faces_is_named(tmp_path, fake_orl, change, says):
    change(fake_orl)
    with pytest.raises(OneshotError, match=says):
        orl_faces.read(fake_orl.to_zip(tmp_path / "x.zip"))


def test_other_faces_are_refused(tmp_path, fake_orl):
    orl_faces.read(fake_orl.to_zip(tmp_path / "x.zip"))
    fake_orl["s1/1.pgm"] = fake_orl["s1/2.pgm"]
    with pytest.raises(OneshotError, match="not the ORL faces"):
        orl_faces.read(fake_orl.to_zip(tmp_path / "y.zip"))


def test_signatures_have_dark_paper_and_keep_their_shape(tmp_path, fake_nfi):
    data = nfi_signatures.read(fake_nfi.to_folder(tmp_path / "nfi"))
    assert data.class_names == ("001", "002")
    assert data.labels.tolist() == [0, 0, 0, 1]
    assert [data.groups["kind"].names[c] for c in data.groups["kind"].codes] == [
        "genuine", "genuine", "forged", "genuine",
    ]  # fmt: skip
    assert [data.groups["signer"].names[c] for c in data.groups["signer"].codes] == [
        "001", "001", "002", "002",
    ]  # fmt: skip
    upright, lying = data.stored[0, 0], data.stored[1, 0]
    assert upright[:, :80].max() == 0 and upright.max() > 200, "padded by paper, left and right"
    assert lying[:80].max() == 0 and lying.max() > 200, "above and below"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("genuine/NFI-00201001.png", None, "genuine by its folder and not by its name"),
        ("genuine/NFI-00301003.png", None, "5 signatures, expected 4"),
        ("genuine/NFI-00101001.png", b"junk", "no PNG image"),
    ],
)
def test_what_is_wrong_with_signatures_is_named(tmp_path, fake_nfi, name, content, says):
    fake_nfi[name] = content or fake_nfi["genuine/NFI-00101001.png"]
    with pytest.raises(OneshotError, match=says):
        nfi_signatures.read(fake_nfi.to_folder(tmp_path / "nfi"))


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["orl-faces", "nfi-signatures"])
def test_the_real_ones_are_added_and_verified(real_data, tmp_path, name):
    verified = prepare.add(name, real_data / name, tmp_path)
    known = catalogue.KNOWN[name]
    assert (verified.items, verified.classes) == (known.items, known.classes)
    assert verified.digest == known.digest
    assert catalogue.verify(name, tmp_path) == verified
