import hashlib
from pathlib import Path

import pytest

from passerby.errors import ModelError
from passerby.inference.weights import Weights, WeightsFile, find

CARD = """
name = "tiny"
family = "nanodet"
[confidence]
logit_shift = 0.5
[files.float]
file = "tiny.onnx"
sha256 = "{}"
"""


def tiny(folder: Path, card: str = CARD, content: bytes = b"content") -> Weights:
    checksum = hashlib.sha256(b"content").hexdigest()
    (folder / "tiny.toml").write_text(card.format(checksum), encoding="utf-8")
    (folder / "tiny.onnx").write_bytes(content)
    return find("tiny", folder)


@pytest.mark.parametrize(
    ("name", "family", "storages", "bfloat16"),
    [
        pytest.param("nanodet-g", "nanodet", {"float", "int8"}, True, id="persons"),
        pytest.param("blazeface-full-range", "blazeface", {"float"}, True, id="faces"),
        pytest.param("face-mesh", "face mesh", {"float"}, False, id="the face mesh"),
    ],
)
def test_the_shipped_files_are_what_their_card_promises(
    name: str,
    family: str,
    storages: set[str],
    bfloat16: bool,  # noqa: FBT001
) -> None:
    found = find(name)

    assert (found.name, found.family, found.bfloat16) == (name, family, bfloat16)
    assert set(found.files) == storages
    assert all(file.read() for file in found.files.values())


def test_a_card_is_read(tmp_path: Path) -> None:
    found = tiny(tmp_path)

    assert (found.name, found.family, found.logit_shift) == ("tiny", "nanodet", 0.5)
    assert found.files["float"].read() == b"content"


def test_an_unknown_network_is_named() -> None:
    with pytest.raises(ModelError, match="no network called 'yolo'"):
        find("yolo")


@pytest.mark.parametrize(
    "card",
    [
        pytest.param("", id="empty"),
        pytest.param('name = "tiny"\nfamily = "nanodet"\n', id="no files"),
        pytest.param("name = tiny", id="not TOML"),
    ],
)
def test_an_incomplete_card_is_refused(tmp_path: Path, card: str) -> None:
    with pytest.raises(ModelError, match="card of the network 'tiny' is incomplete"):
        tiny(tmp_path, card)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    found = tiny(tmp_path, content=b"c0ntent")

    with pytest.raises(ModelError, match="is damaged"):
        found.files["float"].read()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        WeightsFile(tmp_path / "gone.onnx", "00").read()
