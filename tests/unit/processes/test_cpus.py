"""Control groups as Docker, Kubernetes and systemd lay them out, in a folder."""

import os
from pathlib import Path

import pytest

from passerby.processes.cpus import available_cpus

MOUNT_2 = "30 23 0:26 {root} {folder} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
MOUNT_1 = "32 31 0:29 {root} {folder} rw,relatime - cgroup cgroup rw,cpu,cpuacct"


@pytest.fixture(autouse=True)
def _sixty_four_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(64)))


class Machine:
    """A /proc/self, and control groups, below a folder."""

    def __init__(self, folder: Path) -> None:
        self.process = folder / "self"
        self.groups = folder / "sys fs" / "cgroup"
        self.process.mkdir()
        self.groups.mkdir(parents=True)

    def mounts(self, line: str, root: str = "/") -> None:
        folder = str(self.groups).replace(" ", "\\040")
        (self.process / "mountinfo").write_text(
            f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n{line.format(root=root, folder=folder)}\n"
        )

    def is_in(self, *lines: str) -> None:
        (self.process / "cgroup").write_text("".join(f"{line}\n" for line in lines))

    def group(self, path: str, **files: str) -> None:
        folder = self.groups / path
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name.replace("cpu_", "cpu.", 1)).write_text(f"{content}\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("maximum", "cpus"),
    [
        pytest.param("200000 100000", 2, id="two"),
        pytest.param("150000 100000", 2, id="one and a half"),
        pytest.param("50000 100000", 1, id="half a CPU"),
        pytest.param("1000000 250000", 4, id="another period"),
        pytest.param("6500000 100000", 64, id="more than there are"),
        pytest.param("max 100000", 64, id="no quota"),
    ],
)
def test_a_container_of_version_2(machine: Machine, maximum: str, cpus: int) -> None:
    machine.mounts(MOUNT_2)
    machine.is_in("0::/")
    machine.group("", cpu_max=maximum)

    assert available_cpus(machine.process) == cpus


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [pytest.param("300000", 3, id="three"), pytest.param("-1", 64, id="no quota")],
)
def test_a_container_of_version_1(machine: Machine, quota: str, cpus: int) -> None:
    # Docker mounts the container's own group as the topmost, and /proc names it whole.
    machine.mounts(MOUNT_1, root="/docker/5d0c")
    machine.is_in("4:memory:/docker/5d0c", "3:cpu,cpuacct:/docker/5d0c", "0::/")
    machine.group("", cpu_cfs_quota_us=quota, cpu_cfs_period_us="100000")

    assert available_cpus(machine.process) == cpus


def test_the_least_of_all_groups_around_it_counts(machine: Machine) -> None:
    machine.mounts(MOUNT_2)
    machine.is_in("0::/system.slice/passerby.service")
    machine.group("system.slice", cpu_max="300000 100000")
    machine.group("system.slice/passerby.service", cpu_max="800000 100000")
    machine.group("other.slice", cpu_max="100000 100000")

    assert available_cpus(machine.process) == 3


def test_both_versions_side_by_side(machine: Machine) -> None:
    machine.mounts(MOUNT_1)
    machine.is_in("1:cpu,cpuacct:/batch", "0::/")
    machine.group("batch", cpu_cfs_quota_us="500000", cpu_cfs_period_us="100000")

    assert available_cpus(machine.process) == 5


def test_a_group_that_is_not_mounted(machine: Machine) -> None:
    machine.mounts(MOUNT_2, root="/kubepods/pod1")
    machine.is_in("0::/../elsewhere")
    machine.group("", cpu_max="200000 100000")

    assert available_cpus(machine.process) == 2


def test_a_machine_without_control_groups(machine: Machine) -> None:
    assert available_cpus(machine.process) == 64


def test_the_affinity_counts_where_it_is_less(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {3})
    machine.mounts(MOUNT_2)
    machine.is_in("0::/")
    machine.group("", cpu_max="200000 100000")

    assert available_cpus(machine.process) == 1
