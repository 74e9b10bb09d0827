"""A contact sheet for each person: portraits over its whole path, each with its time.

The quickest way to see whether a path is one person's all along. The video is
decoded once for all persons, and a person's sheet is written as soon as its last
portrait is there, so only those who are about are held in memory.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.films import portraits
from passerby.films.film import in_square_pixels
from passerby.films.font import Font
from passerby.films.palette import Colour, colour_of
from passerby.films.progress import ProgressCallback
from passerby.records import Sightings
from passerby.video.decode import decode

Image = NDArray[np.uint8]

# Blue, green, red. Dark and without a tint, so that colours of clothes are judged rightly.
GROUND: Colour = (24, 24, 24)
TEXT: Colour = (235, 235, 235)
FAINT_TEXT: Colour = (150, 150, 150)

# Pixels.
MARGIN, GAP = 28, 12
HEAD, CAPTION = 60, 30  # height of the title with its distance, and of a time below a portrait
SWATCH = 10  # width of the person's colour beside the title
MIN_COLUMNS = 3  # as wide as the title needs

EN_DASH = "\N{EN DASH}"
TITLE = Font(28, weight=600)
SUBTITLE = Font(17)
TIME = Font(15)

MILLISECONDS_PER_MINUTE = 60_000
MINUTES_PER_HOUR = 60


@dataclass(frozen=True)
class Portrait:
    """A person as it looked at an instant."""

    timestamp_ms: int
    image: Image  # (portraits.HEIGHT, portraits.WIDTH, 3) BGR


@dataclass(frozen=True)
class VisiblePeriod:
    """The times at which a person was first and last seen, milliseconds on the video's clock."""

    person_index: int
    first_ms: int
    last_ms: int


def write_contact_sheets(
    source: str,
    sightings: Sightings,
    folder: Path,
    on_progress: ProgressCallback | None = None,
) -> list[Path]:
    """Write `person-<index>.png` for every person who was detected.

    Parameters
    ----------
    source : str
        Path or http(s) URL of the video.
    sightings : Sightings
        What was found in it.
    folder : Path
        Exists; files of the same name are overwritten.
    on_progress : callable, optional
        Receives the number of frames read, after each.

    Returns
    -------
    list of Path
        Files written, by person index.

    Raises
    ------
    VideoError
        If the source cannot be read.
    """
    chosen = portraits.choose_sightings(sightings)
    periods = _visible_periods(sightings)
    missing = Counter(sightings.person_index[chosen].tolist())
    gathered: defaultdict[int, list[Portrait]] = defaultdict(list)
    written: dict[int, Path] = {}
    for person, portrait in _portraits(source, sightings, chosen, on_progress):
        gathered[person].append(portrait)
        missing[person] -= 1
        if missing[person] == 0:
            written[person] = _save(folder, periods[person], gathered.pop(person))
    # Those that a damaged end of the video has robbed of their last portraits.
    for person, rest in gathered.items():
        written[person] = _save(folder, periods[person], rest)
    return [written[person] for person in sorted(written)]


def compose(period: VisiblePeriod, shown: list[Portrait]) -> Image:
    """Lay one person's portraits side by side, with times and a title; return a BGR picture."""
    columns = max(MIN_COLUMNS, len(shown))
    width = 2 * MARGIN + columns * portraits.WIDTH + (columns - 1) * GAP
    height = 2 * MARGIN + HEAD + portraits.HEIGHT + CAPTION
    sheet = np.full((height, width, 3), GROUND, dtype=np.uint8)
    _draw_title(sheet, period)
    for column, portrait in enumerate(shown):
        _draw_portrait(sheet, portrait, MARGIN + column * (portraits.WIDTH + GAP))
    return sheet


def clock(timestamp_ms: int) -> str:
    """Format a time as minutes, seconds and tenths, rounded down.

    Examples
    --------
    >>> clock(83_450), clock(3_600_000)
    ('1:23.4', '1:00:00.0')
    """
    minutes, milliseconds = divmod(timestamp_ms, MILLISECONDS_PER_MINUTE)
    seconds = f"{milliseconds // 1000:02}.{milliseconds % 1000 // 100}"
    if minutes < MINUTES_PER_HOUR:
        return f"{minutes}:{seconds}"
    hours, minutes = divmod(minutes, MINUTES_PER_HOUR)
    return f"{hours}:{minutes:02}:{seconds}"


def _visible_periods(sightings: Sightings) -> dict[int, VisiblePeriod]:
    """Collect the periods by person index; filled boxes count, too."""
    indexes, firsts = np.unique(sightings.person_index, return_index=True)
    _, lasts = np.unique(sightings.person_index[::-1], return_index=True)
    first_ms = sightings.timestamp_ms[firsts].tolist()
    last_ms = sightings.timestamp_ms[::-1][lasts].tolist()
    periods = zip(indexes.tolist(), first_ms, last_ms, strict=True)
    return {index: VisiblePeriod(index, first, last) for index, first, last in periods}


def _portraits(
    source: str,
    sightings: Sightings,
    chosen: NDArray[np.int64],
    on_progress: ProgressCallback | None,
) -> Iterator[tuple[int, Portrait]]:
    """Yield person index and portrait of the chosen sightings, in time order."""
    wanted: defaultdict[int, list[int]] = defaultdict(list)
    for row in chosen.tolist():
        wanted[int(sightings.timestamp_ms[row])].append(row)
    if not wanted:
        return
    size, placed = in_square_pixels(source, sightings)
    boxes = portraits.crop_boxes(placed)
    for count, frame in enumerate(decode(source), start=1):
        if rows := wanted.pop(frame.timestamp_ms, []):
            image = frame.image(size)
            for row in rows:
                portrait = portraits.crop(image, boxes[row])
                yield int(sightings.person_index[row]), Portrait(frame.timestamp_ms, portrait)
        if on_progress:
            on_progress(count)
        if not wanted:
            return


def _save(folder: Path, period: VisiblePeriod, shown: list[Portrait]) -> Path:
    path = folder / f"person-{period.person_index:04}.png"
    _, encoded = cv2.imencode(".png", compose(period, shown))
    path.write_bytes(encoded.tobytes())
    return path


def _draw_title(sheet: Image, period: VisiblePeriod) -> None:
    baseline = MARGIN + TITLE.cap_height
    swatch_end = (MARGIN + SWATCH - 1, baseline)
    cv2.rectangle(sheet, (MARGIN, MARGIN), swatch_end, colour_of(period.person_index), cv2.FILLED)
    title = f"Person {period.person_index}"
    left = MARGIN + SWATCH + GAP
    TITLE.write(sheet, title, (left, baseline), TEXT)
    seen = f"{clock(period.first_ms)} {EN_DASH} {clock(period.last_ms)}"
    SUBTITLE.write(sheet, seen, (left + TITLE.width(title) + 2 * GAP, baseline), FAINT_TEXT)


def _draw_portrait(sheet: Image, portrait: Portrait, left: int) -> None:
    top = MARGIN + HEAD
    bottom = top + portraits.HEIGHT
    sheet[top:bottom, left : left + portraits.WIDTH] = portrait.image
    time = clock(portrait.timestamp_ms)
    indent = (portraits.WIDTH - TIME.width(time)) // 2
    TIME.write(sheet, time, (left + indent, bottom + CAPTION - GAP // 2), FAINT_TEXT)
