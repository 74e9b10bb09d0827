import base64
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.api.faults import Fault
from passerby.api.tokens import ContinuedListing, PageTokens

LISTING = ContinuedListing("123456789012", "ab" * 32, "TIMESTAMP")
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
TOKENS = PageTokens(bytes(32))


def assert_refused(token: str, listing: ContinuedListing = LISTING, now: datetime = NOW) -> None:
    with pytest.raises(Fault) as caught:
        TOKENS.row(token, listing, now)
    assert caught.value.kind.code == "InvalidPaginationTokenException"


@given(row=st.integers(0, 2**63))
def test_a_token_leads_back_to_its_row(row: int) -> None:
    token = TOKENS.seal(LISTING, row, NOW)

    assert TOKENS.row(token, LISTING, NOW) == row
    assert re.fullmatch("[A-Za-z0-9+/]{59}=", token)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(LISTING, sort_by="INDEX"), id="another order"),
        pytest.param(replace(LISTING, job_id="cd" * 32), id="another job"),
        pytest.param(replace(LISTING, account_id="000000000000"), id="another account"),
    ],
)
def test_a_token_belongs_to_its_listing(other: ContinuedListing) -> None:
    assert_refused(TOKENS.seal(LISTING, 1000, NOW), listing=other)


def test_a_token_lives_24_hours() -> None:
    token = TOKENS.seal(LISTING, 1000, NOW)

    assert TOKENS.row(token, LISTING, NOW + timedelta(hours=24)) == 1000
    assert_refused(token, now=NOW + timedelta(hours=24, seconds=1))


def test_another_life_can_be_set() -> None:
    tokens = PageTokens(bytes(32), life=timedelta(hours=1))
    token = tokens.seal(LISTING, 1000, NOW)

    assert tokens.row(token, LISTING, NOW + timedelta(hours=1)) == 1000
    with pytest.raises(Fault):
        tokens.row(token, LISTING, NOW + timedelta(hours=1, seconds=1))


def test_a_token_of_another_key_is_refused() -> None:
    assert_refused(PageTokens(bytes(31) + b"1").seal(LISTING, 1000, NOW))


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("x", id="not base64"),
        pytest.param("ä" * 60, id="not ASCII"),
        pytest.param("AAAA", id="shorter than a nonce"),
        pytest.param("A" * 60, id="base64 of the right length"),
        pytest.param("A" * 255, id="as long as the model allows"),
    ],
)
def test_what_was_never_a_token_is_refused(token: str) -> None:
    assert_refused(token)


@given(position=st.integers(0, 43), flip=st.integers(1, 255))
def test_any_changed_byte_is_refused(position: int, flip: int) -> None:
    sealed = bytearray(base64.b64decode(TOKENS.seal(LISTING, 1000, NOW)))
    sealed[position] ^= flip

    assert_refused(base64.b64encode(sealed).decode())
