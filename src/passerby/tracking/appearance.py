"""Compute appearance embeddings of tracklets, with a metric learned from each video.

What tells people apart depends on the video: its light, its camera, what they wear. But
every video holds examples. Two detections of one tracklet are the same person, two
in one frame are not. From the scatter within tracklets and the scatter within frames
follow the directions in which persons differ more than one person changes, and by
how much.

Sources: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals
of Eugenics 7(2), 1936; examples taken from the video's own tracklets: C.-H. Kuo,
C. Huang, R. Nevatia, "Multi-target tracking by on-line learned discriminative
appearance models", CVPR 2010; the shrinkage of the inner scatter: J. H. Friedman,
"Regularized discriminant analysis", J. Am. Stat. Assoc. 84(405), 1989.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse import csr_array

from passerby.tracking.stabilisation import StabilisedDetections
from passerby.tracking.tracklets import NOBODY, Rows

Floats = NDArray[np.float64]

# Directions kept: those that separate best. Share of the mean variance added to the
# scatter within tracklets. Both measured on six sequences, 2026-11-21.
DIRECTIONS = 32
SHRINKAGE = 0.1
# A direction in which persons differ no more than one changes counts almost nothing.
LEAST_GAIN = 1e-3
# Fewer examples teach nothing; then nobody resembles anybody.
FEWEST_EXAMPLES = 30
# Appearance is stored in whole numbers: nobody is known better than to this variance.
ROUNDING_VARIANCE = 1 / 12

# Vectors that are turned into floating point at a time.
CHUNK = 8192


class _Totals(NamedTuple):
    """Sums and counts of vectors in G groups."""

    sums: Floats  # (G, D)
    counts: NDArray[np.int64]  # (G,)

    @property
    def examples(self) -> int:
        """Count of members beyond the first of each group."""
        return int(np.maximum(self.counts - 1, 0).sum())

    def scatter(self, squares: Floats) -> Floats:
        """Compute the (D, D) covariance within groups from the sum of all outer products."""
        present = self.counts > 0
        scaled = self.sums[present] / np.sqrt(self.counts[present])[:, None]
        covariance: Floats = (squares - scaled.T @ scaled) / self.examples
        return covariance


def appearance_embeddings(
    detections: StabilisedDetections, tracklet_of: NDArray[np.int64]
) -> Floats:
    """Embed the appearance of tracklets, so that a scalar product is their similarity.

    Parameters
    ----------
    detections : N detections, K of them with an appearance
    tracklet_of : (N,) labels from 0 to T - 1, or `NOBODY`

    Returns
    -------
    (T, 32) array
        Unit vectors; all 0 for a tracklet whose appearance is not known.
    """
    tracklets = int(tracklet_of.max(initial=NOBODY)) + 1
    tracklet = tracklet_of[detections.described]
    known = np.flatnonzero((tracklet != NOBODY) & detections.appearance.any(axis=1))
    by_tracklet = _totals(detections.appearance, known, tracklet[known], tracklets)
    frames, frame = np.unique(detections.frame_of[detections.described[known]], return_inverse=True)
    by_frame = _totals(detections.appearance, known, frame, len(frames))
    if min(by_tracklet.examples, by_frame.examples) < FEWEST_EXAMPLES:
        return np.zeros((tracklets, DIRECTIONS))
    squares = _squares(detections.appearance, known)
    directions = _directions(by_tracklet.scatter(squares), by_frame.scatter(squares))
    return _embeddings(by_tracklet, directions)


def _totals(
    appearance: NDArray[np.uint8], rows: Rows, group: NDArray[np.int64], groups: int
) -> _Totals:
    """Add up the vectors at `rows`, each in its `group` from 0 to `groups` - 1."""
    order = np.argsort(group, kind="stable")
    sums = np.zeros((groups, appearance.shape[1]))
    for start in range(0, len(order), CHUNK):
        chunk = order[start : start + CHUNK]
        present, first = np.unique(group[chunk], return_index=True)
        members = np.ones(len(chunk)), np.arange(len(chunk)), np.append(first, len(chunk))
        sums[present] += csr_array(members) @ appearance[rows[chunk]].astype(np.float64)
    return _Totals(sums, np.bincount(group, minlength=groups))


def _squares(appearance: NDArray[np.uint8], rows: Rows) -> Floats:
    """Sum the outer products (D, D) of the vectors at `rows` with themselves."""
    total = np.zeros((appearance.shape[1], appearance.shape[1]))
    for start in range(0, len(rows), CHUNK):
        part = appearance[rows[start : start + CHUNK]].astype(np.float64)
        total += part.T @ part
    return total


def _directions(within: Floats, between: Floats) -> Floats:
    """Compute the (D, 32) projection; a longer column separates better."""
    mean_variance = max(np.trace(within) / len(within), ROUNDING_VARIANCE)
    gains, vectors = eigh(between, within + SHRINKAGE * mean_variance * np.eye(len(within)))
    best = np.argsort(-gains)[:DIRECTIONS]
    gain = np.maximum(gains[best] - 1, LEAST_GAIN)
    projection: Floats = vectors[:, best] * np.sqrt(gain / (1 + gain))
    return projection


def _embeddings(by_tracklet: _Totals, directions: Floats) -> Floats:
    """Compute (T, 32) unit vectors from the tracklets' mean appearances less the mean of all."""
    sums, counts = by_tracklet.sums, by_tracklet.counts[:, None]
    mean = sums.sum(axis=0) / counts.sum()
    vectors = np.where(counts > 0, (sums / np.maximum(counts, 1) - mean) @ directions, 0.0)
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
