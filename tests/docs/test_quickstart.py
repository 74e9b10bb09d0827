"""The ten-minute quickstart, typed as it stands there.

What it installs is there already; the clip is the first two seconds of the one it names.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.conftest import people_clip
from tests.waiting import PATIENCE_SECONDS
from tools.docsite.staging import ROOT

TEXT = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r'^```(console|python title="(?P<file>[^"]+)")\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL
)
CLIP = Path("src/passerby/samples/people-walking.mp4")
FRAMES = 20


def checkout(folder: Path) -> None:
    """Lay down what `make setup` leaves: all of it is newer than what it is made from."""
    for name in ("Makefile", "scripts", "requirements", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "activate").write_text(f'PATH="{programs}:$PATH"\n')
    for name, arguments in {"passerby": "-m passerby ", "python": ""}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments}"$@"\n')
        (programs / name).chmod(0o755)
    (folder / CLIP).parent.mkdir(parents=True)
    people_clip(folder / CLIP, FRAMES)


class Terminal:
    """Somebody who types what the page says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PASSERBY_PORT": "0"}
        self.shown = ""
        self.servers: list[subprocess.Popen[str]] = []

    def follow(self, text: str) -> None:
        """Save each file and type each command, in their order."""
        for block in BLOCK.finditer(text):
            if block["file"]:
                (self.folder / block["file"]).write_text(block["text"])
                continue
            for command in re.findall(r"^\$ (.*)$", block["text"], re.MULTILINE):
                if command.startswith("passerby serve"):
                    self.serve(command)
                else:
                    self.type(command)

    def type(self, command: str) -> None:
        ended = subprocess.run(
            ["bash", "-ec", f"[ ! -e .venv/typed ] || . .venv/bin/activate; {command}"],
            cwd=self.folder,
            env=self.environment,
            text=True,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, f"{command}: {ended.stderr}"
        if command == ". .venv/bin/activate":
            (self.folder / ".venv" / "typed").touch()
        self.shown += ended.stdout

    def serve(self, command: str) -> None:
        """In a terminal of its own; the lines it says are pasted into this one."""
        program = str(self.folder / ".venv" / "bin" / "passerby")
        with (self.folder / "server.log").open("w") as log:
            server = subprocess.Popen(
                [program, *shlex.split(command)[1:]],
                cwd=self.folder,
                env=self.environment,
                text=True,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.servers.append(server)
        assert server.stdout
        lines = [server.stdout.readline() for _ in range(5)]
        pairs = (line.removeprefix("export ").strip().split("=", 1) for line in lines)
        self.environment |= dict(pairs)


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    opened = Terminal(folder)
    try:
        yield opened
    finally:
        for server in opened.servers:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=PATIENCE_SECONDS)


def test_each_command_of_the_quickstart(tmp_path: Path) -> None:
    checkout(tmp_path)
    with terminal(tmp_path) as opened:
        opened.follow(TEXT)

    assert len(opened.servers) == 1
    assert re.search(r"^index +first seen +last seen +sightings$", opened.shown, re.MULTILINE)
    assert re.search(r"^1,\d+,[\d.]+,[\d.]+,[\d.]+,[\d.]+,", opened.shown, re.MULTILINE)
    assert re.search(r"^SUCCEEDED *\nperson 0: 0\.0 s to 1\.9 s$", opened.shown, re.MULTILINE)
    assert "succeeded" in opened.shown.partition("person 0")[2]
    assert "AKIA" in opened.shown
