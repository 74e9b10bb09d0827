"""Define the contenders: a name each, and the command that tracks a video."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from passerby.inference import weights
from passerby.people.detector import SHIPPED_NETWORK

ROOT = Path(__file__).resolve().parents[2]
PEERS_PYTHON = str(ROOT / ".venv-peers" / "bin" / "python")

# Name of a tracker, as `pipeline` knows it → how the table calls it.
TRACKERS = {"bytetrack": "ByteTrack", "norfair": "norfair"}
STORAGES: dict[weights.Storage, str] = {"float": "", "int8": " INT8"}

# video, folder for its tracks (`STEM.txt`), size of the detector's image → command
Command = Callable[[Path, Path, tuple[int, int]], Sequence[str]]


@dataclass(frozen=True)
class Contender:
    """One way to track the people of a video."""

    name: str
    linker: str  # "passerby" or the name of a tracker
    command: Command


def contenders() -> list[Contender]:
    """List passerby first, as it is by default: the others are compared with it."""
    no_faces, without_openvino = "--face-attributes=none", "--runtime=onnxruntime"
    return [
        _passerby("passerby"),
        _passerby("passerby, no faces", no_faces),
        _passerby("passerby on ONNX Runtime, no faces", no_faces, without_openvino),
        *(_peer(tracker, storage) for storage in STORAGES for tracker in TRACKERS),
    ]


def _passerby(name: str, *options: str) -> Contender:
    def command(video: Path, out: Path, _size: tuple[int, int]) -> Sequence[str]:
        track = [sys.executable, "-m", "passerby", "track", str(video), f"--out={out}"]
        return [*track, *options]

    return Contender(name, "passerby", command)


def _peer(tracker: str, storage: weights.Storage) -> Contender:
    network = str(weights.find(SHIPPED_NETWORK).files[storage].file)

    def command(video: Path, out: Path, size: tuple[int, int]) -> Sequence[str]:
        tracks = str(out / f"{video.stem}.txt")
        pipeline = [PEERS_PYTHON, "-m", "benchmarks.peers.pipeline", str(video), tracks]
        image = [str(side) for side in size]
        return [*pipeline, f"--tracker={tracker}", f"--network={network}", "--size", *image]

    return Contender(
        f"OpenCV + ONNX Runtime{STORAGES[storage]} + {TRACKERS[tracker]}", tracker, command
    )
