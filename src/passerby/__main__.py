"""The program: `passerby`, or `python -m passerby`."""

import os


def main() -> None:
    """Settle what must be settled before NumPy is loaded; then run the command line."""
    # Linking solves one problem of 192 unknowns. With two threads for that on two busy
    # cores, all of it took four times as long: each waited for the other. Processes to
    # come inherit this.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from passerby.cli import main as command_line  # noqa: PLC0415

    command_line()


if __name__ == "__main__":
    main()
