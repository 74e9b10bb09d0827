"""Paths by the anchor of zones and lines, and a hint where an anchor seems not to suit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from passerby.analytics.paths import Anchor, Paths, build_paths, feet_are_cut
from passerby.records import Sightings

# From such a share of boxes without feet on, zones on the floor may miss people.
MANY_CUT = 0.5


@dataclass(frozen=True)
class AnchoredPaths:
    """Everybody's paths, laid out once for each anchor; parameters as `build_paths`."""

    sightings: Sightings
    absence_ms: float
    frame: tuple[int, int] | None = None
    _built: dict[Anchor, Paths] = field(default_factory=dict, init=False, repr=False)

    def by(self, anchor: Anchor) -> Paths:
        """Return the paths of an anchor."""
        if anchor not in self._built:
            self._built[anchor] = build_paths(self.sightings, self.absence_ms, self.frame, anchor)
        return self._built[anchor]

    def used(self, anchor: Anchor) -> str:
        """Name what an anchor came to: of "auto" the foot, the middle, or both."""
        if anchor != "auto":
            return anchor
        by_foot = self.by("auto").point[:, 1] == self.by("foot").point[:, 1]
        if by_foot.all():  # of nobody, too
            return "foot"
        return "foot, middle" if by_foot.any() else "middle"

    def hint(self, anchors: Sequence[Anchor]) -> str | None:
        """Say that most feet are cut off, where some of the anchors need them."""
        if self.frame is None or "foot" not in anchors:
            return None
        bottom = self.sightings.xyxy[self.sightings.has_body, 3]
        cut = float(np.mean(feet_are_cut(bottom, self.frame[1]))) if len(bottom) else 0.0
        if cut <= MANY_CUT:
            return None
        return (
            f"The feet of {cut:.0%} of all boxes are cut off by the picture or on its last rows, "
            'where zones and lines may miss them: anchor = "auto" or "middle" may suit better.'
        )
