import io
from pathlib import Path

import pytest

from passerby.errors import UnsupportedVideo
from passerby.testing import moving_boxes, write_clip
from passerby.video.mp4_index import lacks_index
from passerby.video.probe import probe

FTYP = b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"
MDAT = b"\x00\x00\x00\x0cmdatxxxx"
LONG_MDAT = b"\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x00\x14xxxx"
ENDLESS_MDAT = b"\x00\x00\x00\x00mdatxxxx"
ABSURD_MDAT = b"\x00\x00\x00\x01mdat\x7f" + b"\xff" * 7 + b"xxxx"
MOOV = b"\x00\x00\x00\x08moov"


@pytest.mark.parametrize(
    ("content", "lacks"),
    [
        pytest.param(b"", False, id="empty"),
        pytest.param(b"#EXTM3U\n" * 9, False, id="text"),
        pytest.param(FTYP, False, id="no pictures"),
        pytest.param(FTYP + MDAT, True, id="pictures alone"),
        pytest.param(FTYP + MDAT[:-2], True, id="pictures cut short"),
        pytest.param(FTYP + ENDLESS_MDAT, True, id="pictures to the end"),
        pytest.param(FTYP + MDAT + MOOV, False, id="index last"),
        pytest.param(FTYP + MOOV + MDAT, False, id="index first"),
        pytest.param(FTYP + LONG_MDAT + MOOV, False, id="a length of eight bytes"),
        pytest.param(FTYP + LONG_MDAT, True, id="a length of eight bytes, no index"),
        pytest.param(FTYP + ABSURD_MDAT, True, id="a length beyond any file"),
        pytest.param(b"\x00\x00\x00\x00" * 99, False, id="zeros"),
    ],
)
def test_lacks_index(content: bytes, *, lacks: bool) -> None:
    assert lacks_index(io.BytesIO(content)) == lacks


def test_a_recording_cut_off_is_told_from_an_unknown_format(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mp4", moving_boxes(10))
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(UnsupportedVideo, match=r"^Unsupported codec/format\. Its index \(moov\)"):
        probe(str(path))
