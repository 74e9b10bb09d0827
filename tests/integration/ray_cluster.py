"""A Ray cluster of two nodes that nothing outside of it can reach, and that ends for good.

Ray listens on every address there is, so the cluster has a network of its own, with
nothing in it but loopback. Each node has process ids of its own: when the first of its
processes dies, the kernel ends all others, as where a machine loses its power.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.waiting import PATIENCE_SECONDS, wait_until

import passerby

SOURCE = Path(passerby.__file__).parents[1]
PORT = 6399  # in a network of the cluster's own
HEAD, OTHER = "127.0.0.2", "127.0.0.3"
ADDRESS = f"{HEAD}:{PORT}"

PATIENCE_MS = str(round(1000 * PATIENCE_SECONDS))
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(SOURCE), str(Path(__file__).parent)]),
    "RAY_USAGE_STATS_ENABLED": "0",
    # A node that is gone is known to be gone within seconds, not within half a minute: its
    # port refuses. One that is only slow is waited for.
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": PATIENCE_MS,
    "RAY_health_check_failure_threshold": "3",
    # A node ends itself where its agent has not begun within half a minute.
    "RAY_agent_register_timeout_ms": PATIENCE_MS,
    "RAY_worker_register_timeout_seconds": str(round(PATIENCE_SECONDS)),
}

OWN_PROCESSES = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
OWN_NETWORK = (*OWN_PROCESSES, "--net")

# netdevice(7): SIOCSIFFLAGS with IFF_UP and IFF_RUNNING.
LOOPBACK_UP = """
import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 0x41))
"""


@dataclass(frozen=True)
class Namespaces:
    """Namespaces that commands can be run in: those of a process that stays."""

    keeper: int  # its process id, as seen from here

    def inside(self, *command: object) -> list[str]:
        """The command that runs `command` in it, in the present folder."""
        kinds = {"net": "net", "pid": "pid", "mount": "mnt"}
        spaces = (f"--{kind}=/proc/{self.keeper}/ns/{name}" for kind, name in kinds.items())
        here = f"--wd={Path.cwd()}"
        return ["nsenter", *spaces, here, *map(str, command)]

    def processes(self, name: str) -> list[int]:
        """Ids, as seen from here, of the processes in it whose command line begins so."""
        space = _space(self.keeper)
        found = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
        return [one for one in found if _space(one) == space and _called(one).startswith(name)]

    def end(self) -> None:
        """End all of it at once."""
        os.kill(self.keeper, signal.SIGKILL)


@dataclass(frozen=True)
class TwoNodes:
    """A running cluster: its head, where drivers run, and a node that may be lost."""

    head: Namespaces
    other: Namespaces
    folder: Path  # of what Ray writes down

    def errors(self) -> str:
        """What the processes of all nodes said on standard error."""
        files = self.folder.glob("session_2*/logs/worker-*.err")
        return "".join(path.read_text() for path in files)


def can_be_held() -> bool:
    """Whether Ray is installed, and this process may make namespaces."""
    command = [*OWN_NETWORK, sys.executable, "-c", LOOPBACK_UP]
    try:
        ended = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return find_spec("ray") is not None and ended.returncode == 0


@contextmanager
def running(folder: Path) -> Iterator[TwoNodes]:
    """A cluster of two nodes with one core each, as long as the block lasts."""
    with ExitStack() as stack:
        network = stack.enter_context(_new_namespaces(OWN_NETWORK))
        subprocess.run(network.inside(sys.executable, "-c", LOOPBACK_UP), check=True)
        own = [*network.inside()[:2], *OWN_PROCESSES]
        head, other = (stack.enter_context(_new_namespaces(own)) for _ in range(2))
        for node, where in (
            (head, ("--head", f"--port={PORT}", f"--node-ip-address={HEAD}")),
            (other, (f"--address={ADDRESS}", f"--node-ip-address={OTHER}")),
        ):
            _start_node(node, where, folder)
        yield TwoNodes(head, other, folder)


@contextmanager
def _new_namespaces(unshare: Sequence[str]) -> Iterator[Namespaces]:
    """A process in namespaces of its own, and with it, at the end, all that is in them."""
    with subprocess.Popen([*unshare, "sleep", "infinity"]) as process:
        try:
            yield Namespaces(_child_of(process.pid))
        finally:
            process.kill()


def _child_of(process_id: int) -> int:
    children = Path(f"/proc/{process_id}/task/{process_id}/children")
    wait_until(lambda: bool(children.read_text().split()))
    return int(children.read_text().split()[0])


def _start_node(node: Namespaces, where: Sequence[str], folder: Path) -> None:
    options = ["--num-cpus=1", "--object-store-memory=80000000", "--disable-usage-stats"]
    if "--head" in where:
        options += ["--include-dashboard=false", f"--temp-dir={folder}"]
    program = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start"]
    started = subprocess.run(
        node.inside(*program, *where, *options),
        capture_output=True,
        check=False,
        env=ENVIRONMENT,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert started.returncode == 0, started.stdout + started.stderr


def _space(process_id: int) -> str:
    try:
        return str(Path(f"/proc/{process_id}/ns/pid").readlink())
    except OSError:
        return ""


def _called(process_id: int) -> str:
    try:
        return Path(f"/proc/{process_id}/cmdline").read_text()
    except OSError:
        return ""
