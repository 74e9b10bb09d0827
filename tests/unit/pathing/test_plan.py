import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from passerby.errors import ModelError, UnsupportedVideo, VideoTooLong
from passerby.inference.session import Device
from passerby.pathing import plan as module
from passerby.pathing.plan import Options, choose_input_sizes, plan
from passerby.pathing.video_source import FileSource
from passerby.people.input_size import probe_size
from passerby.testing import ColourDetector, moving_boxes, texture, write_clip
from passerby.video.probe import probe
from passerby.video.shards import Span

USUAL = Options()
DEVICES: tuple[Device, Device] = ("cpu", "cuda")


def keys(source: str, fingerprint: str = "v1", options: Options = USUAL) -> list[str]:
    return [shard.key for shard in plan(FileSource(source, fingerprint), options).shards]


def test_with_the_network_that_ships(still_clip: str) -> None:
    chosen = plan(FileSource(still_clip, "v1"), USUAL)

    assert (chosen.video.width, chosen.video.height) == (160, 120)
    (shard,) = chosen.shards
    assert shard.span == Span()
    assert shard.expected_frames == 30
    assert len(bytes.fromhex(shard.key)) == 32


@pytest.mark.parametrize("limit_ms", [None, 2000])
@pytest.mark.usefixtures("colour_network")
def test_a_video_as_long_as_may_be(still_clip: str, limit_ms: int | None) -> None:
    assert (
        plan(FileSource(still_clip, "v1"), Options(duration_limit_ms=limit_ms)).video.duration_ms
        == 2000
    )


def test_a_video_that_is_too_long(still_clip: str) -> None:
    message = "duration in milliseconds: 2000 is more than the maximum limit of: 1999 milliseconds"

    with pytest.raises(VideoTooLong, match=message):
        plan(FileSource(still_clip, "v1"), Options(duration_limit_ms=1999))


def test_an_unknown_network_is_refused(still_clip: str) -> None:
    with pytest.raises(ModelError):
        plan(FileSource(still_clip, "v1"), Options(network="abacus"))


@pytest.mark.usefixtures("colour_network")
def test_text_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    path.write_text("not a video", encoding="utf-8")

    with pytest.raises(UnsupportedVideo):
        plan(FileSource(str(path), "v1"), USUAL)


@pytest.mark.usefixtures("colour_network")
def test_a_video_may_be_as_long_as_the_limit_but_no_longer(still_clip: str) -> None:
    assert (
        plan(FileSource(still_clip, "v1"), Options(duration_limit_ms=2000)).video.duration_ms
        == 2000
    )

    with pytest.raises(VideoTooLong, match=r"2000 is more .* limit of: 1999"):
        plan(FileSource(still_clip, "v1"), Options(duration_limit_ms=1999))


@pytest.mark.usefixtures("colour_network")
def test_where_the_video_lies_is_not_logged(still_clip: str) -> None:
    assert still_clip not in repr(plan(FileSource(still_clip, "v1"), USUAL))


@pytest.mark.usefixtures("colour_network")
@pytest.mark.parametrize(
    ("fingerprint", "options"),
    [
        pytest.param("v2", USUAL, id="another content"),
        pytest.param("v1", Options(rate=Fraction(5)), id="another rate"),
        pytest.param("v1", Options(rate=None), id="every frame"),
        pytest.param("v1", Options(shard_ms=500), id="another span"),
    ],
)
def test_the_key_tells_apart(still_clip: str, fingerprint: str, options: Options) -> None:
    assert not set(keys(still_clip, fingerprint, options)) & set(keys(still_clip))


@pytest.mark.usefixtures("colour_network")
def test_the_key_does_not_depend_on_where_the_video_lies(still_clip: str, tmp_path: Path) -> None:
    elsewhere = shutil.copy(still_clip, tmp_path / "copy.mp4")

    assert keys(str(elsewhere)) == keys(still_clip)


@pytest.mark.usefixtures("colour_network")
def test_the_key_does_not_depend_on_a_shard_length_that_changes_no_span(still_clip: str) -> None:
    assert keys(still_clip, options=Options(shard_ms=5_000)) == keys(still_clip)


@pytest.mark.usefixtures("colour_network")
def test_the_key_depends_on_what_the_detector_is(
    still_clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = keys(still_clip)
    monkeypatch.setattr(ColourDetector, "identity", "retrained")

    assert keys(still_clip) != before


@pytest.mark.usefixtures("colour_network")
def test_the_key_depends_on_the_size_of_the_image(
    still_clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = keys(still_clip)
    monkeypatch.setattr(module, "choose_input_sizes", lambda *_: ((640, 640),))

    assert keys(still_clip) != before


def test_the_device_is_in_the_shards_and_in_their_keys(
    still_clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where it would look at the video: there may be no GPU here.
    monkeypatch.setattr(module, "choose_input_sizes", lambda *_: ((320, 256),))
    on_cpu, on_gpu = (
        plan(FileSource(still_clip, "v1"), Options(runtime="onnxruntime", device=device)).shards[0]
        for device in DEVICES
    )

    assert (on_cpu.device, on_gpu.device) == DEVICES
    assert on_cpu.key != on_gpu.key


@pytest.mark.usefixtures("colour_network")
def test_shards_have_different_keys_and_share_the_work(still_clip: str) -> None:
    shards = plan(FileSource(still_clip, "v1"), Options(shard_ms=500)).shards

    assert len(shards) == 4
    assert len({shard.key for shard in shards}) == 4
    assert {shard.expected_frames for shard in shards} == {8}  # 30 in 4
    assert {shard.input_sizes for shard in shards} == {shards[0].input_sizes}


@pytest.mark.usefixtures("colour_network")
@pytest.mark.parametrize(
    ("frames", "rate", "expected"),
    [
        pytest.param(1, Fraction(15), 1, id="one frame"),
        pytest.param(5, Fraction(1, 10), 1, id="a rate at which there is hardly one"),
        pytest.param(50, Fraction(10), 20, id="fewer than there are"),
        pytest.param(50, Fraction(60), 50, id="no more than there are"),
        pytest.param(50, None, 50, id="all"),
    ],
)
def test_expected_frames(tmp_path: Path, frames: int, rate: Fraction | None, expected: int) -> None:
    path = write_clip(tmp_path / "clip.mp4", moving_boxes(frames))

    (shard,) = plan(FileSource(str(path), "v1"), Options(rate=rate)).shards

    assert shard.expected_frames == expected


def test_people_are_shown_to_the_detector_at_the_size_it_sees_best(tmp_path: Path) -> None:
    # Boxes as high as half of the frame. 90 pixels are best, so the frame should be
    # 180 high: 320 x 180, to multiples of 32.
    path = str(write_clip(tmp_path / "clip.mp4", moving_boxes(12, size=(640, 360), boxes=1)))

    assert choose_input_sizes(path, probe(path), ColourDetector()) == ((320, 192),)


def test_where_nobody_is_seen_the_size_is_the_usual_one(tmp_path: Path) -> None:
    path = str(write_clip(tmp_path / "clip.mp4", [texture((640, 360))] * 12))

    (size,) = choose_input_sizes(path, probe(path), ColourDetector())

    assert size == probe_size(640, 360) == (480, 256)
