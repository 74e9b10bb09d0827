from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import trackeval

from passerby.exports import mot
from passerby.motfile import write_tracks
from passerby.records import Sightings

from .conftest import BuildResult, concatenate, ignore_progress

MakeSightings = Callable[..., Sightings]

# Two persons who walk by, typed by hand: frame, id, left, top, width, height.
TRUTH = [(n + 1, 1, 10 + 5 * n, 10, 20, 40) for n in range(10)]
TRUTH += [(n + 1, 2, 300 - 5 * n, 10, 20, 40) for n in range(3, 10)]


def scores(folder: Path) -> dict[str, Any]:
    """TrackEval's of one sequence `street` of ten frames."""
    quiet = {"PRINT_CONFIG": False}
    places = {"GT_FOLDER": str(folder / "truth"), "TRACKERS_FOLDER": str(folder)}
    dataset = trackeval.datasets.MotChallenge2DBox(
        {
            **quiet,
            **places,
            "TRACKERS_TO_EVAL": ["results"],
            "BENCHMARK": "MOT15",
            "SEQ_INFO": {"street": 10},
            "SKIP_SPLIT_FOL": True,
        }
    )
    raw = dataset.get_raw_seq_data("results", "street")
    sequence = dataset.get_preprocessed_seq_data(raw, "pedestrian")
    metrics = (trackeval.metrics.HOTA(), trackeval.metrics.Count())
    return {k: v for metric in metrics for k, v in metric.eval_sequence(sequence).items()}


def test_trackeval_reads_the_tracks(
    make_sightings: MakeSightings, analysis_result: BuildResult, tmp_path: Path
) -> None:
    rows = [(person - 1, 40 * (frame - 1), left, True) for frame, person, left, *_ in TRUTH]
    (tmp_path / "truth" / "street" / "gt").mkdir(parents=True)
    (tmp_path / "results" / "data").mkdir(parents=True)
    truth = "".join(",".join(map(str, (*row, 1, -1, -1, -1))) + "\n" for row in TRUTH)
    (tmp_path / "truth" / "street" / "gt" / "gt.txt").write_text(truth)

    made = concatenate(mot.chunks(analysis_result(make_sightings(*rows)), ignore_progress))

    (tmp_path / "results" / "data" / "street.txt").write_bytes(made)
    found = scores(tmp_path)
    np.testing.assert_allclose(found["HOTA"], 1)
    assert (found["IDs"], found["GT_IDs"], found["Dets"]) == (2, 2, 17)


def test_it_is_what_track_writes(
    crowd: Sightings, analysis_result: BuildResult, tmp_path: Path
) -> None:
    write_tracks(tmp_path / "tracks.txt", crowd)

    assert (
        concatenate(mot.chunks(analysis_result(crowd), ignore_progress))
        == (tmp_path / "tracks.txt").read_bytes()
    )
