"""What is settled before the command line runs."""

import subprocess
import sys

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
