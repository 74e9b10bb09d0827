"""Paths of people through stored video.

As a library, in a notebook or a script:

    import passerby

    analysis = passerby.track("street.mp4")
    for sighting in analysis:
        print(sighting.timestamp_ms, sighting.person_index, sighting.xyxy)
"""

from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from passerby.inference.session import Device
    from passerby.pathing.analysis import Analysis
    from passerby.records import Progress

__all__ = ["track"]


def track(
    video: str | PathLike[str],
    *,
    rate: float | None = 15,
    device: "Device" = "cpu",
    fps: float | None = None,
    on_progress: "Callable[[Progress], None] | None" = None,
) -> "Analysis":
    """Find the persons in a video, in this process, with one thread a core.

    Parameters
    ----------
    video : path of a file, or an http(s) address
    rate : float, optional
        Frames analysed per second; None: every frame.
    device : "cpu" or "cuda"
        Device of the neural networks; "cuda": an NVIDIA GPU.
    fps : float, optional
        Frames per second of a raw H.264 or HEVC stream; None: what it tells.
    on_progress : callable, optional
        Called with the progress; an exception it raises ends the work.

    Returns
    -------
    Analysis
        Iterable of `Sighting`; its `sightings` are the same as arrays, its
        `video` what the container says.

    Raises
    ------
    VideoError
        If the video cannot be used.
    ModelError
        If the device does not exist.
    """
    # The API process imports passerby too, and must not load decoder and runtime.
    import os  # noqa: PLC0415
    from fractions import Fraction  # noqa: PLC0415

    from passerby.bootstrap.recording import open_recording  # noqa: PLC0415
    from passerby.bootstrap.single_file import track_source  # noqa: PLC0415
    from passerby.engine.local import LocalExecutor  # noqa: PLC0415
    from passerby.pathing.plan import Options  # noqa: PLC0415
    from passerby.settings import Settings  # noqa: PLC0415

    options = Options(rate=None if rate is None else Fraction(rate), device=device)
    raw_fps = None if fps is None else Fraction(repr(fps))
    with open_recording(os.fspath(video), Settings(), fps=raw_fps) as recording:
        executor = LocalExecutor(workers=1)
        return track_source(recording.source, options, executor, on_progress=on_progress)
