"""Files of weights that would take far more memory than they have bytes."""

import io
import os
import zipfile

import pytest
import torch

from baselines.adapters import _file
from baselines.adapters.checkpoint import _weights
from benchmark.errors import OneshotError


def saved(value, legacy: bool = False) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=not legacy)
    return file.getvalue()


def compressed(data: bytes) -> bytes:
    """The same archive, its parts compressed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def test_a_small_checkpoint_does_not_unpack_to_a_large_one():
    data = compressed(saved({"a": torch.zeros(100 << 20, dtype=torch.uint8)}))
    assert len(data) < 1 << 20
    with pytest.raises(OneshotError, match="when they are unpacked"):
        _weights("x.pt", data)
    with pytest.raises(ValueError, match="when they are unpacked"):
        _file.on_cpu(data, torch.jit.load)
    small = compressed(saved({"a": torch.ones(8)}))
    assert _weights("x.pt", small)["a"].sum() == 8


@pytest.mark.parametrize("legacy", [False, True])
def test_a_tensor_does_not_repeat_what_the_file_stores(legacy):
    for view in (torch.ones(1).expand(10**9), torch.ones(4).as_strided((10**5, 10**5), (0, 0))):
        with pytest.raises(OneshotError, match="more than the file stores"):
            _weights("x.pt", saved({"a": view}, legacy))
    tied = torch.ones(4, 4)
    assert set(_weights("x.pt", saved({"a": tied, "b": tied.T, "c": tied[1:]}, legacy))) == set(
        "abc"
    )


def test_a_file_of_weights_is_a_regular_file_of_bounded_size(tmp_path, monkeypatch):
    path = tmp_path / "net.pt"
    os.mkfifo(path)
    with pytest.raises(OneshotError, match="not a regular file"):
        _file.read(str(path))
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(OneshotError, match="not a regular file"):
        _file.read(str(path))
    path.unlink()
    with path.open("wb") as file:
        file.truncate(_file.MOST_BYTES + 1)  # sparse
    with pytest.raises(OneshotError, match="at most"):
        _file.read(str(path))
