"""What comes down on the service: processes are killed, and connections to its database cut."""

import os
import random
import signal
import time
from contextlib import suppress

from sqlalchemy.exc import OperationalError
from tests.postgresql import Server

from .service import Service

# Each with its weight. A transaction: the connection on which one is under way.
PROCESSES = {"shard": 5, "worker": 3, "api": 2}
CONNECTIONS = {"transaction": 2, "connection": 2}
BACKEND = "backend"  # a process of the database server: all its connections go with it

# What passerby calls itself to the server.
APPLICATION = "passerby"
PART_SECONDS = 4.0  # longer than a worker that was killed stays away
LOOK_SECONDS = 0.01


class Blows:
    """Strikes one part after another, as chance has it."""

    def __init__(self, service: Service, server: Server | None, chance: random.Random) -> None:
        self._service = service
        self._server = server
        self._random = chance
        self._weights = {**(CONNECTIONS if server else {}), **PROCESSES}

    def strike(self) -> str | None:
        """Strike some part, or the next one if there is none of it for a while; gives which."""
        parts = list(self._weights)
        (first,) = self._random.choices(parts, list(self._weights.values()))
        patience_seconds = PART_SECONDS
        for part in parts[parts.index(first) :]:
            victims = self._victims(part, patience_seconds)
            if victims:
                self._hit(part, self._random.choice(victims))
                return part
            patience_seconds = 0.0
        return None

    def kill_backend(self) -> bool:
        """Kill one process of the database server, if there is such a server."""
        victims = self._victims(BACKEND, PART_SECONDS)
        if victims:
            self._hit(BACKEND, self._random.choice(victims))
        return bool(victims)

    def _victims(self, part: str, patience_seconds: float) -> list[int]:
        deadline = time.monotonic() + patience_seconds
        while not (victims := self._there(part)) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        return victims

    def _there(self, part: str) -> list[int]:
        if part in PROCESSES:
            return self._service.victims(part)
        with suppress(OperationalError):  # it is just starting again
            if self._server:
                return self._server.backends(APPLICATION, under_way=part == "transaction")
        return []

    def _hit(self, part: str, victim: int) -> None:
        # By itself a process, or the whole server, may have ended meanwhile.
        with suppress(ProcessLookupError, OperationalError):
            if self._server and part in CONNECTIONS:
                self._server.cut(victim)
            else:
                os.kill(victim, signal.SIGKILL)
