"""Where a Swift of one disk keeps what: makes its three rings.

Run as a program: importing swift patches the process that does, and whoever collects
doctests imports this file.
"""

import sys
from pathlib import Path

PARTITIONS_POWER = 3  # 8 partitions; a test stores a handful of objects


def write_ring(folder: Path, name: str, port: int) -> None:
    """One replica of everything, on the one disk, behind one server."""
    from swift.common.ring import RingBuilder  # noqa: PLC0415

    ring = RingBuilder(PARTITIONS_POWER, replicas=1, min_part_hours=0)
    place = {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "disk"}
    ring.add_dev(place | {"weight": 1})
    ring.rebalance(seed=1)
    ring.get_ring().save(str(folder / f"{name}.ring.gz"))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    for word in sys.argv[2:]:
        kind, _, at = word.partition("=")
        write_ring(target, kind, int(at))
