"""A real S3 server for the tests: OpenStack Swift, one disk, four processes, on loopback."""

import getpass
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.waiting import wait_until

HERE = Path(__file__).parent
STORAGE = ("account", "container", "object")
REGION = "eu-central-1"


@dataclass(frozen=True)
class Swift:
    """A running cluster, and two of its users: access key id and secret."""

    url: str
    owner: tuple[str, str] = ("test:owner", "owner-secret")
    guest: tuple[str, str] = ("test:guest", "guest-secret")
    region: str = REGION


def can_hold_swift(folder: Path) -> bool:
    """Whether files here may carry attributes of their own, in which Swift keeps its notes."""
    probe = folder / "attributes"
    probe.touch()
    try:
        os.setxattr(probe, "user.passerby", b"yes")
    except OSError:
        return False
    return True


@contextmanager
def running(folder: Path) -> Iterator[Swift]:
    """Start Swift with all its files in `folder`; stop it at the end of the block."""
    ports = _free_ports(["proxy", *STORAGE])
    _write_configuration(folder, ports)
    with ExitStack() as stack:
        for kind in ports:
            stack.enter_context(_process(folder, kind))
        url = f"http://127.0.0.1:{ports['proxy']}"
        _wait_for(ports)
        yield Swift(url)


def _write_configuration(folder: Path, ports: Mapping[str, int]) -> None:
    (folder / "devices" / "disk").mkdir(parents=True)
    (folder / "swift.conf").write_text((HERE / "swift.conf").read_text())
    for kind, port in ports.items():
        template = HERE / ("proxy.conf" if kind == "proxy" else "storage.conf")
        values = {"kind": kind, "port": port, "folder": folder, "user": getpass.getuser()}
        text = template.read_text().format(**values, region=REGION)
        (folder / f"{kind}.conf").write_text(text)
    rings = [f"{kind}={ports[kind]}" for kind in STORAGE]
    subprocess.run([sys.executable, HERE / "rings.py", folder, *rings], check=True)


@contextmanager
def _process(folder: Path, kind: str) -> Iterator[None]:
    program = Path(sys.executable).with_name(f"swift-{kind}-server")
    with (
        (folder / f"{kind}.log").open("w") as log,
        subprocess.Popen(
            [program, folder / f"{kind}.conf", "-v"], stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            yield
        finally:
            process.kill()


def _free_ports(names: list[str]) -> dict[str, int]:
    """A port nobody listens on for each name; all are held until all are known."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
        return {name: listener.getsockname()[1] for name, listener in zip(names, held, strict=True)}


def _wait_for(ports: Mapping[str, int]) -> None:
    for port in ports.values():
        wait_until(partial(_listens, port))


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
