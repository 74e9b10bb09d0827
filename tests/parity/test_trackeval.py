"""Every number equals TrackEval's, the benchmarks' own evaluator."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trackeval
from numpy.typing import ArrayLike, NDArray

from passerby.evaluation.report import COMBINED, evaluate

TOLERANCE = 1e-4  # percent
FRAMES = 60
PERSONS = 8

# Our columns → TrackEval's metric and field, and whether it is a ratio.
COLUMNS = {
    "HOTA": ("HOTA", "HOTA", True),
    "DetA": ("HOTA", "DetA", True),
    "AssA": ("HOTA", "AssA", True),
    "LocA": ("HOTA", "LocA", True),
    "IDF1": ("Identity", "IDF1", True),
    "IDP": ("Identity", "IDP", True),
    "IDR": ("Identity", "IDR", True),
    "MOTA": ("CLEAR", "MOTA", True),
    "MOTP": ("CLEAR", "MOTP", True),
    "IDSW": ("CLEAR", "IDSW", False),
    "FP": ("CLEAR", "CLR_FP", False),
    "FN": ("CLEAR", "CLR_FN", False),
    "Frag": ("CLEAR", "Frag", False),
    "MT": ("CLEAR", "MT", False),
    "ML": ("CLEAR", "ML", False),
    "truth_persons": ("Count", "GT_IDs", False),
    "result_persons": ("Count", "IDs", False),
}


def walkers(rng: np.random.Generator) -> NDArray[np.float64]:
    """Truth rows: persons who walk across each other's way, some of them for a part only."""
    start, speed = rng.uniform(0, 300, PERSONS), rng.normal(0, 4, PERSONS)
    first = rng.integers(1, FRAMES // 2, PERSONS)
    return np.array(
        [
            (frame, person + 1, start[person] + speed[person] * frame, 40 + 3 * person, 30, 80)
            for frame in range(1, FRAMES + 1)
            for person in range(PERSONS)
            if frame >= first[person]
        ]
    )


def imperfect(truth: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Results: boxes lost, moved and made up; identities change, are swapped and reused."""
    found = truth[rng.random(len(truth)) < 0.85].copy()
    found[:, 2:6] += rng.normal(0, 4, (len(found), 4))
    found[:, 1] += 100 * (found[:, 0] // rng.integers(10, 30, PERSONS + 1)[found[:, 1].astype(int)])
    swapped = found[:, 0] > FRAMES // 2
    found[swapped, 1] = np.where(found[swapped, 1] % 100 == 1, 5000, found[swapped, 1])
    found = found[~np.isin(found[:, 0], (7, 8, 31))]
    noise = found[rng.random(len(found)) < 0.15].copy()
    noise[:, 1] += 9000
    noise[:, 2:4] += rng.normal(0, 25, (len(noise), 2))
    return np.concatenate([found, noise])


def with_columns(rows: NDArray[np.float64], *columns: ArrayLike) -> NDArray[np.float64]:
    extra = [np.broadcast_to(column, len(rows)) for column in columns]
    return np.column_stack([rows, *extra])


def classed(truth: NDArray[np.float64], benchmark: str) -> NDArray[np.float64]:
    """Persons 1-4 count; the others are one class each, distractors most of them."""
    classes = np.array([0, 1, 1, 1, 1, 7, 8, 3, 6 if benchmark == "MOT20" else 2])
    category = classes[truth[:, 1].astype(int)]
    return with_columns(truth, category == 1, category, 0.7)


def save(path: Path, rows: NDArray[np.float64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, rows, fmt="%.3f", delimiter=",")


def write_benchmark(folder: Path, benchmark: str) -> list[str]:
    """Several sequences: two ordinary ones, one without results, one without truth."""
    rng = np.random.default_rng(20080523)
    names = [f"{benchmark}-{suffix}" for suffix in ("01", "02", "silent", "deserted")]
    for name in names:
        truth = walkers(rng)
        results = with_columns(imperfect(truth, rng), 0.9, -1, -1, -1)
        counted = with_columns(truth, rng.random(len(truth)) < 0.95, -1, -1, -1)
        counted = counted if benchmark == "MOT15" else classed(truth, benchmark)
        counted[:, 6] *= not name.endswith("deserted")
        save(folder / "truth" / name / "gt" / "gt.txt", counted)
        save(
            folder / "results" / "data" / f"{name}.txt", results[: 0 if "silent" in name else None]
        )
    return names


def trackeval_scores(folder: Path, benchmark: str, names: list[str]) -> dict[str, Any]:
    """TrackEval's results by sequence, the combined ones included."""
    quiet = {"PRINT_CONFIG": False}
    dataset = trackeval.datasets.MotChallenge2DBox(
        {
            **quiet,
            "GT_FOLDER": str(folder / "truth"),
            "TRACKERS_FOLDER": str(folder),
            "TRACKERS_TO_EVAL": ["results"],
            "BENCHMARK": benchmark,
            "SEQ_INFO": dict.fromkeys(names, FRAMES),
            "SKIP_SPLIT_FOL": True,
        }
    )
    evaluator = trackeval.Evaluator(
        {
            **quiet,
            "PRINT_RESULTS": False,
            "TIME_PROGRESS": False,
            "OUTPUT_SUMMARY": False,
            "OUTPUT_DETAILED": False,
            "PLOT_CURVES": False,
            "LOG_ON_ERROR": None,
        }
    )
    metrics = [
        trackeval.metrics.HOTA(),
        trackeval.metrics.CLEAR(quiet),
        trackeval.metrics.Identity(quiet),
    ]
    results, _ = evaluator.evaluate([dataset], metrics)
    by_sequence = results["MotChallenge2DBox"]["results"]
    return {name: scores["pedestrian"] for name, scores in by_sequence.items()}


@pytest.mark.parametrize("benchmark", ["MOT15", "MOT16", "MOT17", "MOT20"])
def test_every_number_is_trackevals(tmp_path: Path, benchmark: str) -> None:
    names = write_benchmark(tmp_path, benchmark)
    expected = trackeval_scores(tmp_path, benchmark, names)

    rows = evaluate(tmp_path / "truth", tmp_path / "results" / "data").rows()

    assert [row["sequence"] for row in rows] == [*sorted(names), COMBINED]
    for row in rows:
        scores = expected[str(row["sequence"]).replace(COMBINED, "COMBINED_SEQ")]
        for column, (metric, field, is_ratio) in COLUMNS.items():
            value = np.mean(scores[metric][field]) * (100 if is_ratio else 1)
            assert row[column] == pytest.approx(value, abs=TOLERANCE), (row["sequence"], column)


@pytest.mark.parametrize("benchmark", ["MOT15", "MOT20"])
def test_the_comparison_is_not_trivial(tmp_path: Path, benchmark: str) -> None:
    write_benchmark(tmp_path, benchmark)

    combined = evaluate(tmp_path / "truth", tmp_path / "results" / "data").rows()[-1]

    assert all(combined[column] for column in COLUMNS)
    assert 10 < float(combined["HOTA"]) < 90
