from pathlib import Path

import av

from .conftest import SAMPLE_FRAMES, frame_count, printed, python

ROOT = Path(__file__).parents[2]


def test_the_demonstration(tmp_path: Path) -> None:
    out = tmp_path / "demo"

    told = printed(python(ROOT / "scripts" / "demo.py", "--out", out))

    assert "export AWS_ENDPOINT_URL_REKOGNITION=http://127.0.0.1:" in told
    assert "SUCCEEDED" in told
    assert "GetPersonTracking by INDEX" in told
    rows = [line.split() for line in told.splitlines() if line[:1].isdigit()]
    assert [int(row[0]) for row in rows] == list(range(len(rows)))
    assert frame_count(out / "people-walking-annotated.mp4") == SAMPLE_FRAMES
    sheets = sorted(out.glob("person-*.png"))
    assert len(sheets) == len(rows) >= 5
    with av.open(sheets[0]) as sheet:
        picture = next(sheet.decode(video=0)).to_ndarray(format="gray")
    assert picture.std() > 10
    assert sorted(out.iterdir()) == [out / "people-walking-annotated.mp4", *sheets]


def test_a_video_that_is_not_there(tmp_path: Path) -> None:
    ended = python(ROOT / "scripts" / "demo.py", tmp_path / "absent.mp4")

    assert ended.returncode == 2
    assert "there is no file" in ended.stderr
    assert "Traceback" not in ended.stderr
