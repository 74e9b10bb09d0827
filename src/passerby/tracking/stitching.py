"""Join tracklets of one shot to persons after the video has ended.

Each tracklet is summed up by how it ends and how it begins: the state of the motion
filter run to its end, and of the filter run backwards to its beginning. Where one
ends and another begins later, the first state is predicted over the gap and compared
with the second: in place, velocity and size, each against its own uncertainty. The
pair is joined where that is likelier than a stranger turning up just there; how
alike the two look weighs in, and whoever walks out of the picture has probably left.
All joints are chosen together, at the least total cost, and nobody is in two places at
once: a tracklet has at most one successor and one predecessor, and they never overlap
in time.

Sources: choosing joints by likelihood against entering and leaving: L. Zhang, Y. Li,
R. Nevatia, "Global data association for multi-object tracking using network flows",
CVPR 2008; comparing two track states: Y. Bar-Shalom, "On the track-to-track
correlation problem", IEEE Trans. Automatic Control 26(2), 1981.
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from passerby.assignment import assign
from passerby.tracking import kalman
from passerby.tracking.fragments import insert_fragments
from passerby.tracking.kalman import Floats, Motion
from passerby.tracking.stabilisation import StabilisedDetections
from passerby.tracking.tracklets import Rows, label_rows, rows_by_label


@dataclass(frozen=True)
class StitchingSettings:
    """The terms of the cost of joining two tracklets."""

    longest_gap: float = 4.0  # seconds
    # Tracklets of fewer detections are fragments: see `fragments`. Measured on three
    # sequences, 2026-12-01: HOTA 64.4 with 2, 65.8 with 3, 65.4 with 5, 62.5 without.
    fewest_detections: int = 3
    # How likely a stranger begins at a given place, velocity and size: density per
    # body height to the 4th and (height / s) squared.
    stranger_density: float = 0.08
    leaving_rate: float = 0.3  # per second unseen: the longer gone, the likelier for good
    # Odds, as a logarithm, that a person at the border who walks towards it leaves there.
    leaving_at_border: float = 3.0
    memory: float = 2.0  # seconds of a tracklet that its end state is computed from
    # What a likeness (a cosine in [-1, 1]) says, in log odds: so much for each unit above
    # the neutral one, but within limits, as clothes are alike and light changes.
    # Mean HOTA on virtual footage, 2026-12-01: 64.2 with a weight of 8, 64.6 with 12 to 20.
    similarity_weight: float = 14.0
    neutral_similarity: float = 0.33
    similarity_odds_limits: tuple[float, float] = (-8.0, 4.0)


DEFAULT = StitchingSettings()

PLACE, SIZE = slice(0, 2), slice(2, 4)  # columns of `cxcywh`
# Place and velocity are compared together, size without its velocity.
COMPARED_DIMENSIONS = 6

# Pairs whose cost is computed at a time.
BLOCK = 8192


@dataclass(frozen=True)
class Ends:
    """One end of each of T tracklets."""

    motion: Motion  # filtered up to this end; at a beginning, backwards in time
    seconds: Floats  # (T,)
    shot: NDArray[np.int64]  # (T,)


def stitch(
    detections: StabilisedDetections,
    tracklet_of: NDArray[np.int64],
    embeddings: Floats,
    at_border: NDArray[np.bool_],
    settings: StitchingSettings = DEFAULT,
) -> NDArray[np.int64]:
    """Label each detection with its person.

    Parameters
    ----------
    detections : N detections
    tracklet_of : (N,) labels of T tracklets, from 0
    embeddings : (T, D) array
        Unit vectors of appearance, or 0 where it is not known: see `appearance_embeddings`.
    at_border : (N, 4) bool
        Which borders each detection touches: see `borders`.
    settings : StitchingSettings

    Returns
    -------
    (N,) int64
        Persons from 0, in no particular order; `NOBODY` as it was.
    """
    groups = rows_by_label(tracklet_of)
    is_long = np.array([len(rows) >= settings.fewest_detections for rows in groups], np.bool_)
    tracklets = [groups[number] for number in np.flatnonzero(is_long)]
    fragments = [groups[number] for number in np.flatnonzero(~is_long)]
    links = partial(_links, detections, at_border=at_border, settings=settings)
    paths = _join(tracklets, *links(tracklets, embeddings[is_long]))
    paths, rest = insert_fragments(detections, paths, fragments)
    others = [fragments[number] for number in rest]
    others = _join(others, *links(others, embeddings[~is_long][rest]))
    known_by_place = np.zeros((len(paths) + len(others), 0))
    paths = _extend(paths, others, *links([*paths, *others], known_by_place))
    return label_rows(paths, len(tracklet_of))


def _links(
    detections: StabilisedDetections,
    groups: list[Rows],
    embeddings: Floats,
    at_border: NDArray[np.bool_],
    settings: StitchingSettings,
) -> tuple[Rows, Rows, Floats]:
    """Pairs (earlier, later) of tracklets that are likelier one person than two, and costs < 0."""
    if not groups:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    tails = _ends(detections, groups, settings.memory)
    heads = _ends(detections, [rows[::-1] for rows in groups], settings.memory)
    earlier, later, cost = _possible_links(tails, heads, settings)
    cost -= _similarity_odds(embeddings[earlier], embeddings[later], settings)
    last = np.array([rows[-1] for rows in groups])
    cost += settings.leaving_at_border * _leaves_picture(tails.motion, at_border[last])[earlier]
    worthwhile = cost < 0
    return earlier[worthwhile], later[worthwhile], cost[worthwhile]


def _join(groups: list[Rows], earlier: Rows, later: Rows, cost: Floats) -> list[Rows]:
    """Join tracklets by the links of least total cost."""
    return merge_chains(groups, minimum_cost_links(earlier, later, cost, len(groups)))


def _extend(
    paths: list[Rows], fragments: list[Rows], earlier: Rows, later: Rows, cost: Floats
) -> list[Rows]:
    """Give each end of a path one fragment at most, and each fragment one path at most.

    The links are those of paths and fragments, in this order. Fragments that no path takes
    come last.
    """
    count = len(paths)
    begins = (earlier >= count) & (later < count)  # the fragment comes before the path
    ends = (earlier < count) & (later >= count)
    fragment = np.concatenate([earlier[begins], later[ends]]) - count
    end_of_path = np.concatenate([2 * later[begins], 2 * earlier[ends] + 1])
    costs = np.concatenate([cost[begins], cost[ends]])
    pairs = minimum_cost_links(fragment, end_of_path, costs, max(2 * count, len(fragments)))
    extended = list(paths)
    for number, end in pairs:
        extended[end // 2] = np.sort(np.concatenate([extended[end // 2], fragments[number]]))
    taken = {number for number, _ in pairs}
    return extended + [rows for number, rows in enumerate(fragments) if number not in taken]


def _ends(detections: StabilisedDetections, groups: list[Rows], memory: float) -> Ends:
    """Run the filter over each group of rows, in their order, to the last row.

    All groups take their steps together: the filter works on many tracks at once.
    """
    recent = [_recent(detections, rows, memory) for rows in groups]
    lengths = np.array([len(rows) for rows in recent])
    first = np.array([rows[0] for rows in recent])
    motion, seconds = (
        kalman.start(detections.cxcywh[first]),
        detections.seconds[detections.frame_of[first]],
    )
    for step in range(1, int(lengths.max())):
        active = np.flatnonzero(lengths > step)
        rows = np.array([recent[group][step] for group in active])
        now = detections.seconds[detections.frame_of[rows]]
        gap = np.abs(now - seconds[active])[:, None]
        predicted = kalman.predict(motion.take(active), gap)
        seen = kalman.update(predicted, detections.cxcywh[rows], detections.confidence[rows, None])
        motion = motion.put(active, seen)
        seconds[active] = now
    last = np.array([rows[-1] for rows in groups])
    return Ends(motion, seconds, detections.shot[detections.frame_of[last]])


def _recent(detections: StabilisedDetections, rows: Rows, memory: float) -> Rows:
    """Return the rows within `memory` seconds of the last one."""
    seconds = detections.seconds[detections.frame_of[rows]]
    recent: Rows = rows[np.abs(seconds - seconds[-1]) <= memory]
    return recent


def _candidates(tails: Ends, heads: Ends, longest_gap: float) -> tuple[Rows, Rows]:
    """Find the pairs (earlier, later) with a gap in (0, longest_gap] within one shot."""
    order = np.argsort(heads.seconds, kind="stable")
    begins = heads.seconds[order]
    first = np.searchsorted(begins, tails.seconds, side="right")
    last = np.searchsorted(begins, tails.seconds + longest_gap, side="right")
    count = last - first
    earlier = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(earlier)) - np.repeat(np.cumsum(count) - count, count)
    later = order[first[earlier] + nth]
    same_shot = tails.shot[earlier] == heads.shot[later]
    return earlier[same_shot], later[same_shot]


def _possible_links(
    tails: Ends, heads: Ends, settings: StitchingSettings
) -> tuple[Rows, Rows, Floats]:
    """Find the pairs (earlier, later) whose motion may be one person's, with `_link_cost`.

    Most pairs are too far apart. A block at a time: all together they would be most of a
    crowd's memory.
    """
    earlier, later = _candidates(tails, heads, settings.longest_gap)
    costs, possible = [np.empty(0)], [np.empty(0, np.int64)]
    for start in range(0, len(earlier), BLOCK):
        block = slice(start, start + BLOCK)
        cost = _link_cost(tails, heads, earlier[block], later[block], settings)
        # No likeness makes up for more than this.
        possible_rows = np.flatnonzero(cost < settings.similarity_odds_limits[1])
        costs.append(cost[possible_rows])
        possible.append(start + possible_rows)
    which = np.concatenate(possible)
    return earlier[which], later[which], np.concatenate(costs)


def _link_cost(
    tails: Ends, heads: Ends, earlier: Rows, later: Rows, settings: StitchingSettings
) -> Floats:
    """Compute the log odds of each pair being two persons; below 0, one person is likelier."""
    gap = heads.seconds[later] - tails.seconds[earlier]
    before = kalman.predict(tails.motion.take(earlier), gap[:, None])
    after = heads.motion.take(later)
    height = np.sqrt(np.maximum(before.value[:, 3:] * after.value[:, 3:], 1.0))
    surprise = (
        _state_surprise(before, after, height).sum(axis=1)
        + _size_surprise(before, after, height).sum(axis=1)
        + COMPARED_DIMENSIONS / 2 * math.log(2 * math.pi)
    )
    cost: Floats = surprise + math.log(settings.stranger_density) + settings.leaving_rate * gap
    return cost


def _state_surprise(before: Motion, after: Motion, height: Floats) -> Floats:
    """Compute (P, 2) minus log densities of the difference in place and velocity, each axis.

    In body heights; the constant of the normal density is left out. The filter of
    `after` ran backwards, so its velocity has the other sign.
    """
    place = (before.value - after.value)[:, PLACE] / height
    velocity = (before.velocity + after.velocity)[:, PLACE] / height
    scale = height**2
    place_variance = (before.value_variance + after.value_variance)[:, PLACE] / scale
    covariance = (before.covariance - after.covariance)[:, PLACE] / scale
    velocity_variance = (before.velocity_variance + after.velocity_variance)[:, PLACE] / scale
    determinant = place_variance * velocity_variance - covariance**2
    distance = (
        velocity_variance * place**2
        - 2 * covariance * place * velocity
        + place_variance * velocity**2
    ) / determinant
    surprise: Floats = (distance + np.log(determinant)) / 2
    return surprise


def _size_surprise(before: Motion, after: Motion, height: Floats) -> Floats:
    """Compute (P, 2) minus log densities of the difference in width and height."""
    size = (before.value - after.value)[:, SIZE] / height
    variance = (before.value_variance + after.value_variance)[:, SIZE] / height**2
    surprise: Floats = (size**2 / variance + np.log(variance)) / 2
    return surprise


def _similarity_odds(first: Floats, second: Floats, settings: StitchingSettings) -> Floats:
    """Compute (P,) log odds for one person from appearance; 0 where it is unknown."""
    similarity = (first * second).sum(axis=1)
    odds = settings.similarity_weight * (similarity - settings.neutral_similarity)
    known = first.any(axis=1) & second.any(axis=1)
    return np.where(known, np.clip(odds, *settings.similarity_odds_limits), 0.0)


def _leaves_picture(motion: Motion, at_border: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(T,) whether a person moves towards a border that their box touches, (T, 4)."""
    velocity = motion.velocity[:, PLACE]
    outwards = at_border & np.hstack([velocity < 0, velocity > 0])
    is_leaving: NDArray[np.bool_] = outwards.sum(axis=1) > 0
    return is_leaving


def minimum_cost_links(
    earlier: Rows, later: Rows, cost: Floats, count: int
) -> list[tuple[int, int]]:
    """Choose the links of least total cost, each of `count` tracklets at most once on each side.

    The whole is solved in parts that share no tracklet, each a small dense matrix.
    """
    graph = coo_array((np.ones(len(cost)), (earlier, later + count)), shape=(2 * count, 2 * count))
    _, part_of = connected_components(graph, directed=False)
    chosen: list[tuple[int, int]] = []
    for rows in rows_by_label(part_of[earlier]):
        tails, row = np.unique(earlier[rows], return_inverse=True)
        heads, column = np.unique(later[rows], return_inverse=True)
        matrix = np.full((len(tails), len(heads)), np.inf)
        matrix[row, column] = cost[rows]
        solved = assign(matrix, cost_limit=0.0).pairs
        chosen += [(int(tails[tail]), int(heads[head])) for tail, head in solved]
    return chosen


def merge_chains(groups: list[Rows], pairs: list[tuple[int, int]]) -> list[Rows]:
    """Concatenate the groups linked by pairs (earlier, later), in order of the first group."""
    successor = dict(pairs)
    followers = set(successor.values())
    chains = []
    for begin in range(len(groups)):
        if begin in followers:
            continue
        chain = [groups[begin]]
        position = begin
        while position in successor:
            position = successor[position]
            chain.append(groups[position])
        chains.append(np.concatenate(chain))
    return chains
