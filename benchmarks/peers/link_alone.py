"""Time passerby's linking alone, on observations that are given.

    python -m benchmarks.peers.link_alone WIDTH HEIGHT SHARD.parquet...

Prints the seconds of processor time it took, the second time, as `replay` does.
"""

import argparse
import time
from pathlib import Path

from passerby.pathing.link import link
from passerby.pathing.observations import load_all


def main() -> None:
    """Print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("width", type=int)
    parser.add_argument("height", type=int)
    parser.add_argument("shards", type=Path, nargs="+")
    asked = parser.parse_args()
    observed = load_all(asked.shards)
    link(observed, asked.width, asked.height)
    began = time.process_time()
    link(observed, asked.width, asked.height)
    print(time.process_time() - began)


if __name__ == "__main__":
    main()
