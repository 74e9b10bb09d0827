"""What is settled around the command line."""

import os
import subprocess
import sys
from pathlib import Path

import passerby

SCRIPT = """
import os, sys
os.environ.pop("OPENBLAS_NUM_THREADS", None)
from passerby.__main__ import main
print("numpy" in sys.modules)  # it reads the setting when it is loaded
sys.argv = ["passerby", "--help"]
try:
    main()
except SystemExit:
    print(os.environ["OPENBLAS_NUM_THREADS"])
"""


def test_linear_algebra_runs_on_one_thread() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)

    lines = ran.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("False", "1")


QUOTA_SCRIPT = """
import os, sys
os.environ.pop("OMP_NUM_THREADS", None)
os.environ.pop("OPENCV_FOR_THREADS_NUM", None)
import passerby.processes.cpus
passerby.processes.cpus.available_cpus = lambda: 3
from passerby.__main__ import main
sys.argv = ["passerby", "--help"]
try:
    main()
except SystemExit:
    import cv2, pyarrow
    print(cv2.getNumThreads(), pyarrow.cpu_count())
"""


def test_arrow_and_opencv_keep_to_the_quota() -> None:
    command = [sys.executable, "-c", QUOTA_SCRIPT]

    ran = subprocess.run(command, capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines()[-1] == "3 3"


# Loaded by any Python that starts with this in its path.
INTERRUPTED = """
import importlib.metadata

def interrupted(_name):
    exec("raise KeyboardInterrupt")

importlib.metadata.version = interrupted
"""


def test_ctrl_c_while_a_dataclass_is_made_ends_with_the_same_status(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTED)
    paths = [str(tmp_path), str(Path(passerby.__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "passerby", "--version"]

    ran = subprocess.run(command, env=environment, capture_output=True, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"")
