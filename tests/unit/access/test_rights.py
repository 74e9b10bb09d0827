import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.access.accounts import DEFAULT_ACCOUNT_ID
from passerby.access.rights import OwnUploads, Rights


def test_without_patterns_everything_is_allowed() -> None:
    rights = Rights()

    assert rights.allow_operation("StartPersonTracking")
    assert rights.allow_video("cctv", "monday.mp4")
    assert rights.allow_topic("arn:aws:sns:eu-west-1:123456789012:ended")


def test_operations_are_whole_names() -> None:
    rights = Rights(operations=("GetPersonTracking",))

    assert rights.allow_operation("GetPersonTracking")
    assert not rights.allow_operation("StartPersonTracking")
    assert not rights.allow_operation("Get")


@pytest.mark.parametrize(
    ("operations", "own", "forwarded"),
    [
        pytest.param((), True, False, id="no limit"),
        pytest.param(("DetectFaces",), False, True, id="by name"),
        pytest.param(("Detect*",), False, True, id="by pattern"),
        pytest.param(("detectfaces", "Faces"), False, False, id="other names"),
        pytest.param(("GetPersonTracking",), True, False, id="one of the own"),
        pytest.param(("*",), True, True, id="any"),
    ],
)
def test_operations_of_others_must_be_named(
    operations: tuple[str, ...],
    own: bool,  # noqa: FBT001
    forwarded: bool,  # noqa: FBT001
) -> None:
    rights = Rights(operations=operations)

    assert rights.allow_operation("GetPersonTracking") is own
    assert rights.allow_forwarded("DetectFaces") is forwarded


@pytest.mark.parametrize(
    ("pattern", "bucket", "key", "allowed"),
    [
        pytest.param("cctv/*", "cctv", "a.mp4", True, id="a whole bucket"),
        pytest.param("cctv/*", "cctv", "2026/05/a.mp4", True, id="folders of a whole bucket"),
        pytest.param("cctv/*", "cctv2", "a.mp4", False, id="a longer name"),
        pytest.param("cctv/*", "CCTV", "a.mp4", False, id="another case"),
        pytest.param("cctv/2026/*", "cctv", "2026/a.mp4", True, id="a prefix"),
        pytest.param("cctv/2026/*", "cctv", "2026", False, id="less than the prefix"),
        pytest.param("cctv/2026/*", "cctv", "2025/2026/a.mp4", False, id="another prefix"),
        pytest.param("cctv/a.mp4", "cctv", "a.mp4", True, id="one video"),
        pytest.param("cctv/a.mp4", "cctv", "a.mp4.bak", False, id="more than one video"),
        pytest.param("cctv/a.mp4", "cctv", "a_mp4", False, id="a dot is a dot"),
        pytest.param("cctv/[ab]?", "cctv", "a1", False, id="only the star is special"),
        pytest.param("cctv/*", "cctv", "a\nb", True, id="a line break in the key"),
        pytest.param("cctv-*/door-*.mp4", "cctv-1", "door-2.mp4", True, id="two stars"),
        pytest.param("*", "cctv", "a.mp4", True, id="everything"),
    ],
)
def test_patterns(pattern: str, bucket: str, key: str, allowed: bool) -> None:  # noqa: FBT001
    assert Rights(videos=(pattern,)).allow_video(bucket, key) is allowed


def test_one_fitting_pattern_is_enough() -> None:
    rights = Rights(topics=("arn:a", "arn:b*"))

    assert rights.allow_topic("arn:b2")
    assert not rights.allow_topic("arn:a2")


@pytest.mark.parametrize(
    ("pattern", "prefix", "allowed"),
    [
        pytest.param("cctv/*", "", True, id="all of the bucket"),
        pytest.param("cctv/*", "2026/", True, id="a folder of it"),
        pytest.param("cctv/2026/*", "", True, id="on the way"),
        pytest.param("cctv/2026/*", "2026/11/", True, id="beyond"),
        pytest.param("cctv/2026/*", "2025/", False, id="beside"),
        pytest.param("cctv/2026/*", "20/", False, id="a name that begins alike"),
        pytest.param("cctv/2026/a.mp4", "2026/", True, id="the way to one video"),
        pytest.param("cctv/2026/a.mp4", "2026/a.mp4/", False, id="beyond one video"),
        pytest.param("*/a.mp4", "anything/", True, id="a wildcard at first"),
        pytest.param("cctv/*/a/*", "x/y/", True, id="what is missing can still come"),
        pytest.param("other/*", "", False, id="another bucket"),
    ],
)
def test_what_can_be_below(pattern: str, prefix: str, *, allowed: bool) -> None:
    assert Rights(videos=(pattern,)).allow_below("cctv", prefix) is allowed


def test_without_patterns_everything_is_allowed_below() -> None:
    assert Rights().allow_below("cctv", "2026/")


def by_trying_all(text: str, pattern: str) -> bool:
    """Whether a text matches a pattern, by the definition."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(by_trying_all(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return text[:1] == pattern[0] and by_trying_all(text[1:], pattern[1:])


@given(st.text("ab/", max_size=8), st.text("ab*", max_size=6))
def test_a_pattern_matches_what_it_says(text: str, pattern: str) -> None:
    rights = Rights(videos=(f"x/{pattern}",))

    assert rights.allow_video("x", text) == by_trying_all(text, pattern)


def calls_of(action: Callable[[], object]) -> int:
    """Count the calls that Python makes, of its own functions and of those in C."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


def test_a_long_name_that_nearly_fits_many_stars_takes_no_longer() -> None:
    rights = Rights(videos=("cctv/*/cam*/*-*/*front*/*-*/*.mp4",))
    name = ("/cam-/front/" * 1000)[: 1024 * 8]

    assert not rights.allow_video("cctv", name)
    assert rights.allow_video("cctv", name + ".mp4")
    assert calls_of(lambda: rights.allow_video("cctv", name + ".mp5")) < 100


ONE, OTHER = "111111111111", "222222222222"


@pytest.mark.parametrize(
    ("account", "key", "allowed"),
    [
        pytest.param(ONE, f"{ONE}/a.mp4", True, id="one's own"),
        pytest.param(ONE, f"{ONE}/2026/a.mp4", True, id="one's own, in a folder"),
        pytest.param(ONE, f"{OTHER}/a.mp4", False, id="another's"),
        pytest.param(DEFAULT_ACCOUNT_ID, f"{OTHER}/a.mp4", False, id="another's, for the first"),
        pytest.param(ONE, "a.mp4", False, id="of an earlier version"),
        pytest.param(DEFAULT_ACCOUNT_ID, "a.mp4", True, id="the same for the first account"),
        pytest.param(ONE, f"{OTHER}", False, id="a file that is called like an account"),
        pytest.param(ONE, f"{ONE}x/a.mp4", False, id="a longer folder"),
    ],
)
@pytest.mark.parametrize("patterns", [(), ("*",), ("incoming/*",)])
def test_nobody_sees_uploads_of_another_account(
    account: str,
    key: str,
    allowed: bool,  # noqa: FBT001
    patterns: tuple[str, ...],
) -> None:
    rights = Rights(videos=patterns, uploads=OwnUploads("incoming", account))

    assert rights.allow_video("incoming", key) is allowed
    if "/" in key:
        assert rights.allow_below("incoming", key[: key.rfind("/") + 1]) is allowed
    assert rights.allow_below("incoming", "")
    assert rights.allow_video("cctv", key) is (patterns != ("incoming/*",))


def test_patterns_limit_ones_own_uploads_as_well() -> None:
    rights = Rights(videos=("cctv/*",), uploads=OwnUploads("incoming", ONE))

    assert not rights.allow_video("incoming", f"{ONE}/a.mp4")
    assert not rights.allow_below("incoming", f"{ONE}/")
