"""The clock of a browser is passerby's: in Chromium, each frame is shown at its `timestamp_ms`."""

import base64
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page
from tests.harness.sound import add_sound, noise

from passerby.films.preview import playable, write_preview
from passerby.testing import write_clip
from passerby.video.decode import decode

Image = NDArray[np.uint8]

SIZE = (320, 96)
BITS = 8
COUNT = 30
SOUGHT = 10  # of these frames, in mixed order

# Shows a video at given times; answers, of each frame shown, the number painted into it and
# the `timestamp_ms` as the module `preview` says it is found, NaN where no frame came.
WATCH = """
async ({content, type, seconds, bits}) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const video = document.createElement("video");
  video.muted = true;
  document.body.replaceChildren(video);
  video.src = URL.createObjectURL(new Blob([bytes], {type}));
  const failed = new Promise((_, reject) => {
    video.onerror = () => reject(new Error(video.error.message));
  });
  const shown = () => new Promise((resolve) => {
    video.requestVideoFrameCallback((_, metadata) => resolve(metadata.mediaTime));
    setTimeout(() => resolve(NaN), 2000);
  });
  const seek = async (second) => {
    let mediaTime = NaN;  // now and then, no frame is announced: ask for the same once more
    for (let attempt = 0; attempt < 5 && isNaN(mediaTime); attempt++) {
      video.currentTime = second + attempt / 10000;
      mediaTime = await Promise.race([failed, shown()]);
    }
    return mediaTime;
  };
  const number = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const picture = canvas.getContext("2d");
    picture.drawImage(video, 0, 0);
    let read = 0;
    for (let bit = 0; bit < bits; bit++) {
      const x = Math.floor((bit + 0.5) * canvas.width / bits);
      const [red] = picture.getImageData(x, Math.floor(canvas.height / 2), 1, 1).data;
      read += red > 127 ? 2 ** bit : 0;
    }
    return read;
  };
  const answers = [];
  await Promise.race([failed, shown()]);
  for (const second of seconds) {
    const mediaTime = await seek(second);
    answers.push([number(), Math.floor(mediaTime * 1000 + 0.002)]);
  }
  return answers;
}
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def numbered(size: tuple[int, int] = SIZE) -> Iterator[Image]:
    """Pictures that tell their number: of as many columns as bits, the white ones are set."""
    for number in range(COUNT):
        columns = [255 * (number >> bit & 1) for bit in range(BITS)]
        grey = np.repeat(np.array(columns, np.uint8), size[0] // BITS)
        yield np.repeat(np.tile(grey, (size[1], 1))[:, :, None], 3, axis=2)


def turned() -> Iterator[Image]:
    for picture in numbered():
        yield np.ascontiguousarray(np.rot90(picture, -1))


def uneven() -> list[int]:
    """Times of frames, some as near as 7 ms, one 900 ms apart."""
    steps = np.array([40, 7, 33, 90, 41])
    times = np.cumsum(np.resize(steps, COUNT))
    times[COUNT // 2 :] += 900
    return [int(time) for time in times]


def clip(folder: Path, name: str, sound: str | None, start_s: Fraction, **options: object) -> Path:
    pictures = options.pop("pictures", None) or numbered()
    silent = write_clip(folder / f"silent_{name}", pictures, **options)  # type: ignore[arg-type]
    if sound is None:
        return silent
    return add_sound(silent, folder / name, noise(1), sound, start_s=start_s)


def seen(page: Page, video: Path, source: Path) -> tuple[list[list[int]], list[list[int]]]:
    """Numbers and times as they should be, and as the browser shows them; in a mixed order."""
    times = [frame.timestamp_ms for frame in decode(str(source))]
    assert len(times) == COUNT
    ends = [*times[1:], times[-1] + 30]
    order = np.random.default_rng(1).permutation(COUNT)[:SOUGHT].tolist()
    asked = {
        "content": base64.b64encode(video.read_bytes()).decode(),
        "type": "video/webm" if video.suffix == ".webm" else "video/mp4",
        "seconds": [(times[number] + ends[number]) / 2000 for number in order],
        "bits": BITS,
    }
    return [[number, times[number]] for number in order], page.evaluate(WATCH, asked)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("a.mp4", {"sound": "aac", "b_frames": 2}, id="B-frames and AAC"),
        pytest.param("a.mp4", {"sound": "aac", "start_s": Fraction(1, 2)}, id="late sound"),
        pytest.param("a.mp4", {"rate": Fraction(30_000, 1001)}, id="no sound"),
        pytest.param("a.webm", {"codec": "libvpx-vp9", "sound": "libopus"}, id="VP9 and Opus"),
        pytest.param("a.mp4", {"rotation_degrees": 90, "pictures": turned()}, id="turned"),
    ],
)
def test_a_playable_video(page: Page, tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    source = clip(tmp_path, name, **{"sound": None, "start_s": Fraction(0)} | options)
    assert playable(str(source))

    expected, shown = seen(page, source, source)

    assert shown == expected


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("a.mkv", {"start_ms": 1520}, id="a late start"),
        pytest.param("a.mkv", {"timestamps_ms": uneven()}, id="variable rate"),
        pytest.param(
            "a.mkv", {"start_ms": 680, "sound": "pcm_s16le"}, id="sound before the picture"
        ),
        pytest.param(
            "a.mkv", {"sound": "ac3", "start_s": Fraction(1, 3)}, id="picture before the sound"
        ),
        pytest.param("a.ts", {"start_ms": 1520, "sound": "mp2"}, id="a broadcast"),
        pytest.param("a.mkv", {"pictures": numbered((1600, 480))}, id="scaled down"),
    ],
)
def test_a_preview(page: Page, tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    source = clip(tmp_path, name, **{"sound": None, "start_s": Fraction(0)} | options)
    assert not playable(str(source))
    write_preview(str(source), tmp_path / "preview.mp4")

    expected, shown = seen(page, tmp_path / "preview.mp4", source)

    assert shown == expected
