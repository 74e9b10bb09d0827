import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from passerby.jobs.worker_id import SEPARATOR, is_gone, make_worker_id

HOLD = """
import time
from passerby.jobs.worker_id import make_worker_id
print(make_worker_id(), flush=True)
time.sleep(60)
"""


@contextmanager
def holding() -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A process that holds something, and its name."""
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        yield other.stdout.readline().strip(), other
        other.kill()


def changed(name: str, position: int, word: str) -> str:
    words = name.split(SEPARATOR)
    return SEPARATOR.join([*words[:position], word, *words[position + 1 :]])


def test_no_two_holders_have_the_same_name() -> None:
    assert make_worker_id() != make_worker_id()


def test_a_process_that_lives_is_not_gone() -> None:
    with holding() as (name, _):
        assert not is_gone(name)
        assert not is_gone(make_worker_id())


def test_a_killed_process_is_gone_before_it_is_buried() -> None:
    with holding() as (name, process):
        process.kill()
        assert process.stdout
        assert process.stdout.read() == ""  # it has let go of the pipe
        while not is_gone(name):
            assert process.returncode is None

        process.wait()
        assert is_gone(name)


def test_another_process_of_the_same_number_is_not_the_holder() -> None:
    with holding() as (name, _):
        assert is_gone(changed(name, 3, "1"))


@pytest.mark.parametrize(
    ("position", "word"),
    [
        pytest.param(1, "another-boot pid:[1]", id="another machine"),
        pytest.param(1, "", id="no machine"),
        pytest.param(3, "", id="no start"),
    ],
)
def test_where_nobody_can_tell_a_holder_is_not_gone(position: int, word: str) -> None:
    with holding() as (name, process):
        process.kill()
        process.wait()

        assert not is_gone(changed(name, position, word))


@pytest.mark.parametrize("name", ["", "anna", "host-77-0123abcd", "////"])
def test_a_name_of_another_form_tells_nothing(name: str) -> None:
    assert not is_gone(name)
