"""The files in `deploy`, against what they start."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from passerby import settings
from passerby.cli.app import app

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("systemd/*.service"))
PROGRAM = "/opt/passerby/bin/passerby"


def objects() -> list[dict[str, Any]]:
    """All objects for Kubernetes."""
    files = sorted(DEPLOY.glob("kubernetes/*.yaml"))
    return [each for file in files for each in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def pods() -> dict[str, dict[str, Any]]:
    """Specifications of the pods, by name of the deployment."""
    deployments = (each for each in objects() if each["kind"] == "Deployment")
    return {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in deployments}


def services() -> dict[str, dict[str, Any]]:
    """Services of the compose file that run passerby."""
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = composed["services"]
    return {name: each for name, each in found.items() if each["image"] == "passerby"}


def commands() -> Iterator[list[str]]:
    """Arguments with which passerby is called anywhere."""
    for unit in UNITS:
        (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
        program, *arguments = shlex.split(line)
        assert program == PROGRAM
        yield arguments
    for service in services().values():
        yield service["command"]
    for pod in pods().values():
        yield pod["containers"][0]["args"]
    for path in [*DEPLOY.rglob("*"), ROOT / "docs" / "operations.md"]:
        if path.is_file():
            for line in re.findall(r"passerby (keys create.*)$", path.read_text(), re.MULTILINE):
                yield shlex.split(line.partition("`")[0])


@pytest.mark.parametrize("arguments", list(commands()), ids=" ".join)
def test_the_command_line_takes_these_arguments(arguments: list[str]) -> None:
    # Unknown commands and options are refused before any help is given.
    asked = CliRunner().invoke(app, [*arguments, "--help"])

    assert asked.exit_code == 0, asked.output


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()],
    ids=lambda path: str(path.relative_to(DEPLOY)),
)
def test_each_setting_in_an_environment_is_one(path: Path) -> None:
    known = {settings.PREFIX + each.name.upper() for each in fields(settings.Settings)}

    assert set(re.findall(r"\bPASSERBY_[A-Z0-9_]+", path.read_text(encoding="utf-8"))) <= known


def test_the_settings_file_can_be_read() -> None:
    chosen = settings.load(DEPLOY / "systemd" / "passerby.toml", environment={})

    assert (chosen.log_format, chosen.first_key) == ("json", False)


def test_the_places_in_s3_can_be_read() -> None:
    environments = [each["environment"] for each in services().values()]
    environments += [each["data"] for each in objects() if each["kind"] == "ConfigMap"]
    for environment in environments:
        given = {name: text for name, text in environment.items() if name == "PASSERBY_S3"}

        assert settings.load(environment=given).s3.holds_others


def test_what_is_copied_into_the_image_is_there_and_sent_to_the_builder() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for line in re.findall(r"^COPY ([^-].*)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists()
            assert f"!{source}" in sent


def test_the_image_has_what_the_others_have() -> None:
    """Its list is the run list with the database's driver."""
    run, image = (
        set(re.findall(r"^[a-z0-9._-]+==\S+", path.read_text(encoding="utf-8"), re.MULTILINE))
        for path in (ROOT / "requirements" / "run.txt", ROOT / "requirements" / "image.txt")
    )

    assert run < image
    assert {each.partition("==")[0] for each in image - run} <= {"psycopg", "psycopg-binary"}


def test_no_container_has_more_rights_than_it_needs() -> None:
    for service in services().values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    for pod in pods().values():
        assert pod["securityContext"]["runAsNonRoot"]
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert services()["worker"]["networks"] == ["back"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_nothing_in_the_units(tmp_path: Path) -> None:
    names = []
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace(PROGRAM, sys.executable)
        names.append(tmp_path / unit.name.replace("@", "@1"))
        names[-1].write_text(text, encoding="utf-8")

    found = subprocess.run(
        ["systemd-analyze", "verify", *names], capture_output=True, text=True, check=False
    )

    assert (found.returncode, found.stderr) == (0, "")


MEBIBYTES = {"M": 1, "MI": 1, "G": 1024, "GI": 1024}


def mebibytes(text: str) -> int:
    number, unit = re.fullmatch("([0-9]+)([A-Za-z]+)", text).groups()  # type: ignore[union-attr]
    return int(number) * MEBIBYTES[unit.upper()]


def worker_limits() -> Iterator[tuple[str, int, int]]:
    """Limits of a worker's unit and of one process that decodes in it, MiB, by kind of unit."""
    unit = (DEPLOY / "systemd" / "passerby-worker@.service").read_text(encoding="utf-8")
    (whole,) = re.findall("^MemoryMax=(.*)$", unit, re.MULTILINE)
    (process,) = re.findall("^Environment=PASSERBY_PROCESS_MEMORY_MB=(.*)$", unit, re.MULTILINE)
    yield "systemd", mebibytes(whole), int(process)
    worker = services()["worker"]
    process = worker["environment"]["PASSERBY_PROCESS_MEMORY_MB"]
    yield "compose", mebibytes(worker["mem_limit"]), int(process)
    whole = pods()["passerby-worker"]["containers"][0]["resources"]["limits"]["memory"]
    (shared,) = (each for each in objects() if each["kind"] == "ConfigMap")
    yield "kubernetes", mebibytes(whole), int(shared["data"]["PASSERBY_PROCESS_MEMORY_MB"])


@pytest.mark.parametrize(
    ("whole", "process"),
    [pytest.param(whole, process, id=kind) for kind, whole, process in worker_limits()],
)
def test_a_process_that_decodes_reaches_its_limit_before_the_worker_does(
    whole: int, process: int
) -> None:
    # 512 MiB are for the worker itself and what its processes share.
    assert process + 512 <= whole
