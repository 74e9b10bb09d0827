"""Score a tracker's results with all metrics, per sequence and together."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from passerby.errors import FileFormatError
from passerby.evaluation.clear import ClearCounts, count_clear, match
from passerby.evaluation.hota import HotaCounts, count_hota
from passerby.evaluation.identity import IdentityCounts, count_identity
from passerby.evaluation.layout import SequenceFiles, find_sequences
from passerby.evaluation.sequence import Sequence, prepare
from passerby.evaluation.switches import Cause, Switch, count_causes, explain_switches
from passerby.evaluation.totals import combine
from passerby.motfile import MotRows, read_rows, read_sequence_length

COMBINED = "COMBINED"
PERCENT = 100.0

Row = dict[str, str | int | float]


@dataclass(frozen=True)
class Scores:
    """All counts of one sequence, or of several together."""

    hota: HotaCounts
    clear: ClearCounts
    identity: IdentityCounts
    truth_persons: int
    result_persons: int

    def columns(self) -> dict[str, int | float]:
        """Return all scores by their names in the literature; ratios in percent."""
        return {
            "HOTA": PERCENT * self.hota.hota,
            "DetA": PERCENT * self.hota.det_a,
            "AssA": PERCENT * self.hota.ass_a,
            "LocA": PERCENT * self.hota.loc_a,
            "IDF1": PERCENT * self.identity.idf1,
            "IDP": PERCENT * self.identity.id_precision,
            "IDR": PERCENT * self.identity.id_recall,
            "MOTA": PERCENT * self.clear.mota,
            "MOTP": PERCENT * self.clear.motp,
            "IDSW": self.clear.switches,
            "FP": self.clear.false_alarms,
            "FN": self.clear.misses,
            "Frag": self.clear.fragments,
            "MT": self.clear.mostly_tracked,
            "ML": self.clear.mostly_lost,
            "truth_persons": self.truth_persons,
            "result_persons": self.result_persons,
        }


@dataclass(frozen=True)
class EvaluationReport:
    """Scores and explained switches by sequence."""

    scores: Mapping[str, Scores]
    switches: Mapping[str, list[Switch]]
    without_results: tuple[str, ...]  # sequences scored as empty: the tracker wrote no file

    def combined(self) -> Scores:
        """Return the scores of all sequences together, from summed counts."""
        scores = list(self.scores.values())
        return Scores(
            combine([score.hota for score in scores]),
            combine([score.clear for score in scores]),
            combine([score.identity for score in scores]),
            sum(score.truth_persons for score in scores),
            sum(score.result_persons for score in scores),
        )

    def rows(self) -> list[Row]:
        """Return one row per sequence and a last one for all; columns as `Scores.columns`."""
        every = {**self.scores, COMBINED: self.combined()}
        return [{"sequence": name, **score.columns()} for name, score in every.items()]

    def causes(self) -> dict[Cause, int]:
        """Count the identity switches of each cause in all sequences."""
        return count_causes([switch for each in self.switches.values() for switch in each])

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain values, for JSON."""
        return {
            "sequences": {name: score.columns() for name, score in self.scores.items()},
            "combined": self.combined().columns(),
            "switches": {name: count_causes(each) for name, each in self.switches.items()},
            "combined_switches": self.causes(),
            "without_results": list(self.without_results),
        }


def evaluate(
    truth_path: Path,
    results_path: Path,
    sequences: Collection[str] | None = None,
    analysed: Mapping[str, AbstractSet[int]] | None = None,
) -> EvaluationReport:
    """Score results against truth.

    Parameters
    ----------
    truth_path, results_path : Path
        Two folders in MOTChallenge layout, or two files.
    sequences : collection of str, or None
        Names to score; None takes all that have a truth.
    analysed : mapping of a sequence's name to frame numbers from 1, or None
        Frames that the tracker analysed. The others of a sequence named here do
        not count.

    Raises
    ------
    FileFormatError
        If files are missing or damaged, or do not fit each other.
    """
    files = find_sequences(truth_path, results_path, sequences)
    analysed = analysed or {}
    scores, switches = {}, {}
    for entry in files:
        sequence = _read(entry, analysed.get(entry.name))
        scores[entry.name], switches[entry.name] = _score(sequence)
    missing = tuple(entry.name for entry in files if entry.results is None)
    return EvaluationReport(scores, switches, missing)


def _read(files: SequenceFiles, analysed: AbstractSet[int] | None) -> Sequence:
    truth = read_rows(files.truth)
    results = read_rows(files.results) if files.results else _no_rows()
    try:
        return prepare(files.name, truth, results, _frame_count(files, truth, results), analysed)
    except ValueError as error:
        raise FileFormatError(f"{files.truth} and {files.results}: {error}") from error


def _no_rows() -> MotRows:
    nothing = np.empty(0, dtype=np.int64)
    return MotRows(nothing, nothing, np.empty((0, 4)), np.empty(0), np.empty((0, 2)))


def _frame_count(files: SequenceFiles, truth: MotRows, results: MotRows) -> int:
    """Read the count from seqinfo.ini; without one, take the last frame of either file."""
    if files.length:
        return read_sequence_length(files.length)
    return int(max(truth.frame.max(initial=0), results.frame.max(initial=0)))


def _score(sequence: Sequence) -> tuple[Scores, list[Switch]]:
    matches = match(sequence)
    scores = Scores(
        count_hota(sequence),
        count_clear(sequence, matches),
        count_identity(sequence),
        sequence.truth_person_count,
        sequence.result_person_count,
    )
    return scores, explain_switches(sequence, matches)
