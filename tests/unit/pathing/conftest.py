import pytest

from passerby.pathing import observe, plan
from passerby.testing import ColourDetector, HeadFinder, moving_boxes, write_clip


@pytest.fixture
def colour_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a network is given the finder of coloured boxes, or of their heads."""
    for module in (plan, observe):
        monkeypatch.setattr(module, "open_detector", lambda *_: ColourDetector())
        monkeypatch.setattr(module, "open_face_finder", lambda *_: HeadFinder())


@pytest.fixture(scope="session")
def panned_clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two seconds at 25 Hz of two boxes, and of a camera that moves on 2 pixels a frame."""
    wide = moving_boxes(50, size=(320, 120))
    pictures = (picture[:, 2 * step : 2 * step + 160] for step, picture in enumerate(wide))
    path = tmp_path_factory.mktemp("clips") / "panned.mp4"
    return str(write_clip(path, pictures, gop=12, b_frames=2))


@pytest.fixture(scope="session")
def still_clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two seconds at 25 Hz of one box before a camera at rest; key frames every 0.48 s."""
    path = tmp_path_factory.mktemp("clips") / "still.mp4"
    return str(write_clip(path, moving_boxes(50, boxes=1), gop=12))
