"""Buffers bound on the CPU give what the same network gives without them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.inference.io_binding import IoBindingSession
from passerby.inference.onnx_runtime import OnnxRuntimeSession, load_session, session_options
from passerby.inference.weights import find

NETWORKS = [("nanodet-g", 160, 96), ("blazeface-full-range", 192, 192), ("face-mesh", 192, 192)]

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Network:
    content: bytes
    width: int
    height: int

    def plain(self) -> OnnxRuntimeSession:
        return OnnxRuntimeSession(self.content, self.width, self.height)

    def with_io_binding(self, concurrency: int = 1) -> IoBindingSession:
        options = session_options(self.width, self.height)
        session = load_session(self.content, options, "CPUExecutionProvider")
        return IoBindingSession(session, "cpu", self.width, self.height, concurrency)

    def images(self, count: int) -> Iterator[Image]:
        random = np.random.default_rng(0)
        for _ in range(count):
            yield random.integers(0, 256, (self.height, self.width, 3), dtype=np.uint8)


@pytest.fixture(scope="module", params=NETWORKS, ids=lambda it: it[0])
def network(request: pytest.FixtureRequest) -> Network:
    name, width, height = request.param
    return Network(find(name).files["float"].read(), width, height)


def test_every_byte_is_that_of_a_plain_run(network: Network) -> None:
    plain, bound = network.plain(), network.with_io_binding()

    for image in network.images(3):
        expected, answers = plain.run(image), bound.run(image)
        assert [(it.shape, it.dtype) for it in answers] == [(it.shape, it.dtype) for it in expected]
        assert [it.tobytes() for it in answers] == [it.tobytes() for it in expected]


def test_concurrency_changes_no_byte(network: Network) -> None:
    plain, bound = network.plain(), network.with_io_binding(concurrency=2)
    images = list(network.images(8))

    with ThreadPoolExecutor(max_workers=3) as pool:
        computed = list(pool.map(bound.run, images))

    for image, answers in zip(images, computed, strict=True):
        assert [it.tobytes() for it in answers] == [it.tobytes() for it in plain.run(image)]


def test_an_answer_is_not_overwritten_by_the_next(network: Network) -> None:
    bound = network.with_io_binding()
    one, other = network.images(2)

    answers = bound.run(one)
    before = [it.tobytes() for it in answers]

    assert [it.tobytes() for it in bound.run(other)] != before
    assert [it.tobytes() for it in answers] == before


def test_a_view_with_gaps_is_taken(network: Network) -> None:
    bound = network.with_io_binding()
    (image,) = network.images(1)

    answers, expected = bound.run(image[:, ::-1]), bound.run(image[:, ::-1].copy())

    assert [it.tobytes() for it in answers] == [it.tobytes() for it in expected]


def test_another_size_is_refused(network: Network) -> None:
    with pytest.raises(ValueError, match=r"got \(64, 64, 3\)"):
        network.with_io_binding().run(np.zeros((64, 64, 3), dtype=np.uint8))


def test_the_place_of_a_refused_image_is_free_again(network: Network) -> None:
    bound = network.with_io_binding()
    with pytest.raises(ValueError, match="got"):
        bound.run(np.zeros((64, 64, 3), dtype=np.uint8))
    (image,) = network.images(1)

    assert bound.run(image)
