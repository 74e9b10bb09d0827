"""Compute the frames of a sequence that a tracker analyses at a sampling rate.

The grid is the one that passerby analyses videos on: at a constant rate, the frames
n_k = floor(k fps / rate), numbered from 0.
"""

from fractions import Fraction
from pathlib import Path

from passerby.errors import FileFormatError
from passerby.evaluation.layout import find_sequences
from passerby.motfile import read_frame_rate, read_sequence_length


def analysed_frames(truth: Path, results: Path, rate: float) -> dict[str, frozenset[int]]:
    """List the frame numbers, from 1, that count in each sequence; paths as in `evaluate`.

    Raises
    ------
    FileFormatError
        If a sequence has no `seqinfo.ini` with its rate and length.
    """
    frames = {}
    for entry in find_sequences(truth, results):
        if entry.length is None:
            raise FileFormatError(f"{entry.truth}: without a seqinfo.ini its rate is not known")
        count = read_sequence_length(entry.length)
        frames[entry.name] = frames_on_grid(count, read_frame_rate(entry.length), rate)
    return frames


def frames_on_grid(frame_count: int, frame_rate: float, rate: float) -> frozenset[int]:
    """List the numbers, from 1, of the frames on the grid; all of them below `rate`.

    Examples
    --------
    >>> sorted(frames_on_grid(6, 30, 15))
    [1, 3, 5]
    """
    step = max(Fraction(frame_rate) / Fraction(rate), Fraction(1))
    ticks = range((frame_count / step).__ceil__())
    return frozenset(1 + (tick * step).__floor__() for tick in ticks)
