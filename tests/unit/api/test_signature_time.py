"""Signatures at any time: how far clocks may differ, how long one can be sent again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.api.authorization import SignedRequest
from passerby.api.faults import Fault
from passerby.api.signature import Authenticator, authenticate

from .conftest import Key, Signer, presigned

TOLERANCE = 300
WEEK = 7 * 24 * 3600


def outcome(request: SignedRequest, client: Signer, at: datetime) -> str:
    """The error code, or `OK`; as much for any number of repetitions."""
    try:
        assert [authenticate(request, Authenticator(client.find), at) for _ in range(3)] == [
            client.key
        ] * 3
    except Fault as fault:
        return fault.kind.code
    return "OK"


def signed_at(request: SignedRequest) -> datetime:
    text = request.header("x-amz-date") or request.query.partition("X-Amz-Date=")[2][:16]
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


near = st.integers(-2, 2)


@given(seconds=st.integers(-WEEK, WEEK) | near.map(TOLERANCE.__add__) | near.map((-300).__add__))
def test_a_signed_request_holds_for_five_minutes_either_way(client: Signer, seconds: int) -> None:
    request = client()

    found = outcome(request, client, signed_at(request) + timedelta(seconds=seconds))

    assert found == ("OK" if abs(seconds) <= TOLERANCE else "InvalidSignatureException")


@given(life=st.integers(1, WEEK), data=st.data())
def test_a_presigned_request_holds_for_its_life(
    client: Signer, life: int, data: st.DataObject
) -> None:
    request = presigned(client, life)
    seconds = data.draw(
        st.integers(-2 * TOLERANCE, 2 * WEEK)
        | near.map(life.__add__)
        | near.map((-TOLERANCE).__add__)
    )

    found = outcome(request, client, signed_at(request) + timedelta(seconds=seconds))

    assert found == ("OK" if -TOLERANCE <= seconds <= life else "InvalidSignatureException")


@pytest.mark.parametrize("life", [0, -1, WEEK + 1, 10**9])
def test_no_other_lives(client: Signer, life: int) -> None:
    request = presigned(client, life)

    assert outcome(request, client, signed_at(request)) == "IncompleteSignatureException"


def test_a_temporary_key_ends_while_its_signature_would_hold() -> None:
    ends = datetime.now(UTC) + timedelta(minutes=1)
    holder = Signer(Key(session_token="t" * 128, expires_at=ends))
    request = presigned(holder, WEEK)

    assert outcome(request, holder, ends - timedelta(seconds=1)) == "OK"
    assert outcome(request, holder, ends) == "ExpiredTokenException"
