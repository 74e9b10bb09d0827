"""Kill processes of the service, and cut connections to its database."""

import os
import random
import signal
import time
from contextlib import suppress

from sqlalchemy.exc import OperationalError
from tests.postgresql import Server

from .service import SupervisedService

# Each with its weight. A transaction: the connection on which one is under way.
PROCESSES = {"shard": 5, "worker": 3, "api": 2}
CONNECTIONS = {"transaction": 2, "connection": 2}
BACKEND = "backend"  # a process of the database server: all its connections go with it

# What passerby calls itself to the server.
APPLICATION = "passerby"
PART_SECONDS = 4.0  # longer than a worker that was killed stays away
LOOK_SECONDS = 0.01


class FaultInjector:
    """Kills or cuts one part after another, chosen at random."""

    def __init__(
        self, service: SupervisedService, server: Server | None, chance: random.Random
    ) -> None:
        self._service = service
        self._server = server
        self._random = chance
        self._weights = {**(CONNECTIONS if server else {}), **PROCESSES}

    def inject(self) -> str | None:
        """Disturb some part, or the next one if there is none of it for a while; give which."""
        parts = list(self._weights)
        (first,) = self._random.choices(parts, list(self._weights.values()))
        patience_seconds = PART_SECONDS
        for part in parts[parts.index(first) :]:
            targets = self._wait_for_targets(part, patience_seconds)
            if targets:
                self._inject_into(part, self._random.choice(targets))
                return part
            patience_seconds = 0.0
        return None

    def kill_backend(self) -> bool:
        """Kill one process of the database server, if there is such a server."""
        targets = self._wait_for_targets(BACKEND, PART_SECONDS)
        if targets:
            self._inject_into(BACKEND, self._random.choice(targets))
        return bool(targets)

    def _wait_for_targets(self, part: str, patience_seconds: float) -> list[int]:
        deadline = time.monotonic() + patience_seconds
        while not (targets := self._targets(part)) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        return targets

    def _targets(self, part: str) -> list[int]:
        if part in PROCESSES:
            return self._service.targets(part)
        with suppress(OperationalError):  # it is just starting again
            if self._server:
                return self._server.backends(APPLICATION, under_way=part == "transaction")
        return []

    def _inject_into(self, part: str, target: int) -> None:
        # By itself a process, or the whole server, may have ended meanwhile.
        with suppress(ProcessLookupError, OperationalError):
            if self._server and part in CONNECTIONS:
                self._server.cut(target)
            else:
                os.kill(target, signal.SIGKILL)
