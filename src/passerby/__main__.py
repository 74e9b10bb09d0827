"""The program `passerby`, also run as `python -m passerby`."""

import os

from passerby.processes.cpus import available_cpus


def main() -> None:
    """Set what must be set before NumPy is loaded, then run the command line."""
    # Linking solves one problem of 192 unknowns. With two threads for that on two busy
    # cores, all of it took four times as long: each waited for the other. Processes to
    # come inherit this.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Arrow and OpenCV count the CPUs of the machine, and know of no quota.
    for variable in ("OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(variable, str(available_cpus()))
    from passerby.cli.app import main as command_line  # noqa: PLC0415

    try:
        command_line()
    finally:
        # Where Ctrl-C meets text that is being executed, as modules do that define a
        # dataclass, CPython keeps in mind that nobody handled it until it executes another
        # text; `python -m` then dies of SIGINT, whatever status was chosen
        # (seen with 3.11; `UnhandledKeyboardInterrupt` in its pythonrun.c).
        exec("")  # noqa: S102


if __name__ == "__main__":
    main()
