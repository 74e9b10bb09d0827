import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

HERE = str(Path(__file__).parent)


@pytest.fixture(scope="module")
def work() -> Iterator[ModuleType]:
    """`shard_work`, importable by this name here and in every process started from here."""
    sys.path.insert(0, HERE)
    yield importlib.import_module("shard_work")
    sys.path.remove(HERE)
