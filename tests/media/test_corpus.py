"""A part of the corpus of bad media, for every day; `make media` runs the whole."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_SECONDS

from passerby.engine.local import ProcessPool
from passerby.processes.limits import Limits

from . import clocks, harm, matrix, shapes, traps
from .corpus import samples
from .judge import fault
from .sample import Sample

# One in so many of the odd files, and all whose name holds one of these words.
EVERY = 6
ALWAYS = ("bomb-12000", "streams-100.mkv", "hours-of-nothing", "turned-90", "no-utf-8", "repeated-")
# Large pictures take seconds.
LEFT_OUT = ("bomb-20000", "bomb-8192", "7680x4320", "3840x2160")

PAIRS = {
    "asf-wmv2.asf",
    "avi-mpeg4.avi",
    "flv-flv.flv",
    "h264-libx264.h264",
    "ivf-libvpx.ivf",
    "mov-prores_ks.mov",
    "mov-rawvideo.mov",
    "mov-tiff.mov",
    "mpeg-mpeg2video.mpg",
    "mpegts-libx264.ts",
    "mpegts-png.ts",
    "mxf-mpeg2video.mxf",
    "nut-ffv1.nut",
    "ogg-libvpx.ogg",
    "webm-libvpx-vp9.webm",
}


def chosen() -> list[Sample]:
    """Some of each kind, the same in every run."""
    odd = list(chain(*(kind.samples() for kind in (shapes, clocks, harm, traps))))
    some = [
        sample
        for number, sample in enumerate(odd)
        if (number % EVERY == 0 or any(word in sample.name for word in ALWAYS))
        and not any(word in sample.name for word in LEFT_OUT)
    ]
    return [*some, *(sample for sample in matrix.samples() if sample.name in PAIRS)]


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPool]:
    """What looks at the files: they may crash it, or take all memory."""
    kept = ProcessPool(Limits(memory_bytes=2 * 1024**3, stall_seconds=PATIENCE_SECONDS))
    yield kept
    kept.close()


@pytest.mark.parametrize("sample", chosen(), ids=lambda sample: sample.name)
def test_a_file_ends_as_it_must(sample: Sample, pool: ProcessPool, tmp_path: Path) -> None:
    path = tmp_path / sample.name
    expected = sample.write(path)

    assert fault(pool, path, expected) is None


def test_every_sample_has_a_name_of_its_own() -> None:
    names = [sample.name for sample in samples()]

    assert len(names) == len(set(names))
    assert set(names) >= PAIRS
