"""Explain why a true person changed its identity.

Each switch has one of three remedies: better memory of people's appearance (they were
hidden), a better detector (they were missed), or better association (they were seen
all the time, and mixed up).
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from passerby import boxes
from passerby.evaluation.clear import Matches, switch_positions
from passerby.evaluation.sequence import Frame, Sequence

Cause = Literal["occlusion", "missed", "absence", "wrong match"]
CAUSES: tuple[Cause, ...] = get_args(Cause)

# Our own choice: with less than half a body visible, neither a detector nor an
# appearance can be blamed.
HIDDEN_SHARE = 0.5


@dataclass(frozen=True)
class Switch:
    """A change of the identity of one true person."""

    truth_id: int  # from 0, as in the prepared sequence
    last_frame: int  # from 1: the last one under the old identity
    frame: int  # from 1: the first one under the new identity
    cause: Cause


def explain_switches(sequence: Sequence, matches: Matches) -> list[Switch]:
    """List all identity switches of a sequence with their causes, by person and time.

    The cause lies between the last frame under the old identity and the first
    under the new one:

    - "occlusion": the person was there, but more than half hidden for a while;
    - "missed": it was there, never hidden, and no result box showed it;
    - "absence": it was not there at all;
    - "wrong match": there is nothing in between.
    """
    frames = sequence.frames
    switches = []
    for before, after in zip(*switch_positions(matches), strict=True):
        truth_id = int(matches.truth_ids[after])
        last, first = matches.frame_position[before], matches.frame_position[after]
        cause = _cause(truth_id, frames[last + 1 : first])
        switches.append(Switch(truth_id, frames[last].number, frames[first].number, cause))
    return switches


def count_causes(switches: list[Switch]) -> dict[Cause, int]:
    """Count how often each cause occurred, including those that did not."""
    counts = Counter(switch.cause for switch in switches)
    return {cause: counts[cause] for cause in CAUSES}


def _cause(truth_id: int, gap: tuple[Frame, ...]) -> Cause:
    """Explain a switch by the frames in which the person had no identity."""
    if not gap:
        return "wrong match"
    present = [frame for frame in gap if truth_id in frame.truth_ids]
    if not present:
        return "absence"
    return "occlusion" if any(_is_hidden(truth_id, frame) for frame in present) else "missed"


def _is_hidden(truth_id: int, frame: Frame) -> bool:
    """Whether most of a person is hidden, by another true box or by the truth's visibility."""
    row = int(np.flatnonzero(frame.truth_ids == truth_id)[0])
    if frame.visibility[row] < HIDDEN_SHARE:
        return True
    own = frame.truth_xyxy[row : row + 1]
    others = np.delete(frame.truth_xyxy, row, axis=0)
    covered = boxes.intersection(own, others)[0]
    return bool((covered > HIDDEN_SHARE * boxes.area(own)).any())
