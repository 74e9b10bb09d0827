import pytest

from passerby.http_ranges import pinned, request_of

URL = "http://127.0.0.1:9000/cctv/a%23b.mp4?X-Amz-Signature=1"


@pytest.mark.parametrize(
    "etag",
    [
        pytest.param('"5d41402abc4b2a76b9719d911017c592"', id="of one upload"),
        pytest.param('"5d41402abc4b2a76b9719d911017c592-12"', id="of an upload in parts"),
        pytest.param('""', id="empty"),
        pytest.param('"a#b%22 ü"', id="with what means something in a URL"),
    ],
)
def test_the_tag_comes_out_as_it_went_in(etag: str) -> None:
    assert request_of(pinned(URL, etag)) == (URL, {"If-Match": etag})


@pytest.mark.parametrize(
    "etag",
    [
        pytest.param("", id="none"),
        pytest.param('W/"5d41"', id="weak"),
        pytest.param("5d41", id="no tag at all"),
    ],
)
def test_what_cannot_be_asked_for_is_not_asked_for(etag: str) -> None:
    assert request_of(pinned(URL, etag)) == (URL, {})


@pytest.mark.parametrize("source", [URL, f"{URL}#chapter-2", "video.mp4", ""])
def test_a_source_that_is_not_pinned(source: str) -> None:
    assert request_of(source) == (source.partition("#")[0], {})


def test_a_tag_adds_no_header() -> None:
    with pytest.raises(ValueError, match="printable"):
        request_of(f"{URL}#etag=%22%0D%0AX-Other: yes")
