import pytest

from passerby.api.faults import Fault
from passerby.api.turns import Turns


def test_an_account_has_so_many_calls_and_others_are_free() -> None:
    turns = Turns(calls=2, patience_seconds=0)

    with turns.turn("one"), turns.turn("one"):
        with pytest.raises(Fault, match="ThrottlingException"), turns.turn("one"):
            pytest.fail("a third call was let in")
        with turns.turn("other"):
            pass

    with turns.turn("one"), turns.turn("one"):
        pass


def test_a_call_that_fails_gives_its_turn_back() -> None:
    turns = Turns(calls=1, patience_seconds=0)
    with pytest.raises(KeyError), turns.turn("one"):
        raise KeyError

    with turns.turn("one"):
        pass
