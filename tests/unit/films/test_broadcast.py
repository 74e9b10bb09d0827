from fractions import Fraction
from typing import Any

import pytest
from av.packet import Packet

from passerby.films.broadcast import Broadcast

SECOND = 10  # ticks


# Each is a kind (P or S for picture or sound) and a time, in the order of the file; all
# last a second. The sound is to be heard at these times, in ticks.
@pytest.mark.parametrize(
    ("packets", "heard"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(["P100", "S100", "P101", "S101"], [100, 101], id="one clock"),
        pytest.param(
            ["P100", "S99", "P101", "P5", "S5", "S6"], [99, 102, 103], id="sound ends first"
        ),
        pytest.param(
            ["P100", "S100", "S101", "S102", "P5", "S6"], [100, 101, 102, 102], id="ends last"
        ),
        pytest.param(
            ["P100", "S100", "S5", "S6", "P5", "S7"],
            [100, 101, 102, 103],
            id="sound starts again first",
        ),
        pytest.param(
            ["P100", "S100", "P5", "S101", "S5"], [100, 101, 101], id="pictures start again first"
        ),
        pytest.param(["P100", "S100", "S5", "S6"], [100, 101, 102], id="no more pictures"),
        pytest.param(
            ["P100", "S100", "P50", "S50", "P3", "S3"], [100, 101, 102], id="started again twice"
        ),
    ],
)
def test_sound_follows_the_pictures(packets: list[str], heard: list[int]) -> None:
    broadcast = Broadcast(Fraction(1, SECOND), Fraction(1, SECOND))
    given: list[Any] = []
    for text in packets:
        packet: Any = Packet(b"content")
        packet.dts = packet.pts = int(text[1:]) * SECOND
        packet.duration = SECOND
        given += broadcast.correct(packet) if text[0] == "S" else broadcast.follow(packet)
    given += broadcast.rest()

    assert [packet.dts for packet in given] == [time * SECOND for time in heard]
    assert [packet.pts for packet in given] == [time * SECOND for time in heard]
