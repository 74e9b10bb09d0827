"""Measure what linking alone costs passerby and each tracker, on the same detections."""

import os
import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
from benchmarks.peers.contenders import PEERS_PYTHON, TRACKERS

from passerby.engine.local import LocalExecutor
from passerby.inference import weights
from passerby.pathing.observation_store import FolderObservationStore
from passerby.pathing.observations import load_all
from passerby.pathing.observe import observe_shard
from passerby.pathing.plan import Options, Plan, plan
from passerby.pathing.video_source import FileSource
from passerby.people.detector import SHIPPED_NETWORK
from passerby.people.nanodet import shift_scores
from passerby.records import VideoInfo

MILLISECONDS = 1000.0
# Processor time of one thread is compared: one that waits for another would count as work.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


def plan_without_faces(video: Path) -> Plan:
    """Plan the video as passerby would, faces aside."""
    return plan(FileSource(str(video), video.name), Options(with_faces=False))


def linking_ms(chosen: Plan, folder: Path, runs: int) -> tuple[int, dict[str, float]]:
    """Return the number of frames, and the median ms a frame of passerby and each tracker.

    Each run is a process of its own. `folder` takes the observations.
    """
    store = FolderObservationStore(folder)
    LocalExecutor(1).map(partial(observe_shard, store=store), chosen.shards, lambda *_: None)
    paths = [store.fetch(shard.file_name) for shard in chosen.shards]
    given = folder / "detections.npz"
    frames = _write_detections(paths, given)
    spent = {
        "passerby": [_passerby_s(chosen.video, paths) for _ in range(runs)],
        **{name: [_tracker_s(given, name) for _ in range(runs)] for name in TRACKERS},
    }
    return frames, {
        name: MILLISECONDS * statistics.median(seconds) / frames for name, seconds in spent.items()
    }


def _write_detections(paths: list[Path], target: Path) -> int:
    """Write them as `replay` reads them, with the network's own scores; count the frames."""
    observed = load_all(paths)
    to_scores = -weights.find(SHIPPED_NETWORK).logit_shift
    scores = shift_scores(observed.confidence, to_scores).astype(np.float32)
    np.savez(target, first=observed.first_detection, xyxy=observed.xyxy, scores=scores)
    return len(observed)


def _tracker_s(given: Path, tracker: str) -> float:
    return _seconds(PEERS_PYTHON, "benchmarks.peers.replay", str(given), f"--tracker={tracker}")


def _passerby_s(video: VideoInfo, shards: list[Path]) -> float:
    size = (str(video.width), str(video.height))
    return _seconds(sys.executable, "benchmarks.peers.link_alone", *size, *map(str, shards))


def _seconds(python: str, module: str, *arguments: str) -> float:
    """Run a program of ours; return the seconds that it prints."""
    done = subprocess.run(  # noqa: S603 - our own program
        [python, "-m", module, *arguments],
        env=os.environ | ONE_THREAD,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)
