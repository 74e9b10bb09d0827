import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from passerby.bootstrap.installation import open_installation
from passerby.cli.keys import app
from passerby.settings import Settings


@pytest.mark.parametrize(
    "operations",
    [
        pytest.param((), id="no limit"),
        pytest.param(("GetPersonTracking",), id="one of the own"),
        pytest.param(("DetectFaces", "*PersonTracking"), id="one of others, and a pattern"),
        pytest.param(("*",), id="any"),
    ],
)
def test_operations_of_a_key(tmp_path: Path, operations: tuple[str, ...]) -> None:
    words = [word for name in operations for word in ("--operation", name)]

    made = CliRunner().invoke(app, ["create", "--data", str(tmp_path), "--json", *words])

    assert made.exit_code == 0, made.output
    installation = open_installation(Settings(data=tmp_path))
    key = installation.keys.find(json.loads(made.stdout)["AccessKeyId"])
    installation.database.close()
    assert key is not None
    assert key.rights.operations == operations


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("GetPersonTraking", "GetPersonTracking", id="one of the own"),
        pytest.param("DetectFace", "DetectFaces", id="one of others"),
        pytest.param("Detekt*", "", id="a pattern"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_mistyped_operation_is_refused(tmp_path: Path, name: str, meant: str) -> None:
    made = CliRunner().invoke(app, ["create", "--data", str(tmp_path), "--operation", name])

    assert made.exit_code == 2
    text = " ".join(made.output.replace("│", " ").split())
    assert "fits no operation" in text
    assert f"did you mean {meant}" in text or not meant
    assert not (tmp_path / "passerby.db").exists()
