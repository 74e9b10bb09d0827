"""How many CPUs this process may use: its affinity, and the quota of its control groups.

A container that was started with `--cpus 2` sees all CPUs of its machine. Only the quota
of its control group says that they are paid for two: with more threads than that, the
kernel stops all of them for a part of each period.

Sources: cgroups(7); Linux kernel, admin-guide/cgroup-v2.rst (`cpu.max`) and
scheduler/sched-bwc.rst (`cpu.cfs_quota_us`, `cpu.cfs_period_us`); proc_pid_mountinfo(5).
"""

import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PROCESS = Path("/proc/self")

# Of both versions; the first one names its file system, the second one is alone in it.
VERSION_1, VERSION_2 = "cgroup", "cgroup2"
CONTROLLER = "cpu"

ESCAPED = re.compile(r"\\([0-7]{3})")  # a blank in the path of a mount, for instance


@dataclass(frozen=True)
class _Mount:
    """A file system of control groups."""

    version: str
    root: PurePosixPath  # which group its topmost folder is
    folder: Path


def available_cpus(process: Path = PROCESS) -> int:
    """Count the CPUs that this process may keep busy; at least 1.

    A quota is rounded up: of 1.5 CPUs, two threads use all.

    Parameters
    ----------
    process : Path
        Its folder in /proc.
    """
    affine = len(os.sched_getaffinity(0))
    quotas = list(_quotas(process))
    return max(1, min(affine, *(math.ceil(quota) for quota in quotas))) if quotas else affine


def _quotas(process: Path) -> Iterator[float]:
    """Yield the quota, in CPUs, of each control group around the process that has one."""
    for mount in _mounts(process):
        group = _group(process, mount.version)
        if group is None:
            continue
        # A group outside of what is mounted: a container that has its own as the topmost.
        inside = group.relative_to(mount.root) if group.is_relative_to(mount.root) else Path()
        folders = [mount.folder / inside, *(mount.folder / inside).parents]
        for folder in folders[: len(inside.parts) + 1]:
            quota = _quota(folder)
            if quota is not None:
                yield quota


def _mounts(process: Path) -> list[_Mount]:
    found = []
    for line in _lines(process / "mountinfo"):
        mounted, _, file_system = line.partition(" - ")
        fields, kinds = mounted.split(" "), file_system.split(" ")
        if len(kinds) < 3:  # noqa: PLR2004 - kind, source, options
            continue
        is_ours = kinds[0] == VERSION_2 or CONTROLLER in kinds[2].split(",")
        if kinds[0] in (VERSION_1, VERSION_2) and is_ours:
            root, folder = (ESCAPED.sub(_unescape, path) for path in fields[3:5])
            found.append(_Mount(kinds[0], PurePosixPath(root), Path(folder)))
    return found


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 8))


def _group(process: Path, version: str) -> PurePosixPath | None:
    """Path of the control group of the process, from the root of all groups."""
    for line in _lines(process / "cgroup"):
        number, controllers, path = line.split(":", 2)
        if version == VERSION_2 and number == "0" and not controllers:
            return PurePosixPath(path)
        if version == VERSION_1 and CONTROLLER in controllers.split(","):
            return PurePosixPath(path)
    return None


def _quota(folder: Path) -> float | None:
    """CPUs that a control group may keep busy; None if it has no quota."""
    numbers = _numbers(folder / "cpu.max") or [
        *_numbers(folder / "cpu.cfs_quota_us"),
        *_numbers(folder / "cpu.cfs_period_us"),
    ]
    # "max" and -1 stand for no quota.
    if len(numbers) != 2 or min(numbers) <= 0:  # noqa: PLR2004 - quota, period
        return None
    return numbers[0] / numbers[1]


def _numbers(path: Path) -> list[int]:
    """Read the whole numbers in a file; none if it cannot be read."""
    return [int(word) for line in _lines(path) for word in line.split() if word != "max"]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
