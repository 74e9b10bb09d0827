"""Run a module at low priority, and end it with its parent.

    python -m passerby.processes.low_priority PARENT NICENESS MODULE [ARGUMENT]...

Source: prctl(2), PR_SET_PDEATHSIG.
"""

import ctypes
import os
import resource
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Lower the priority of this process, then run the module in it."""
    parent, niceness, module, *arguments = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it died before that
        sys.exit(1)
    os.nice(int(niceness))
    # No core dump when a decoder crashes: it may fill the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
