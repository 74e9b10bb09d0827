"""Run the server, with a worker process beside it.

The worker is a process of its own, so that the networks it computes never keep a client
waiting, and the server can be restarted without it.
"""

import gc
import logging
import os
import sys
from contextlib import nullcontext

import uvicorn

from passerby.access.environment import client_region, environment_lines
from passerby.bootstrap.erasure import delete_what_a_backup_brought_back
from passerby.bootstrap.installation import Installation
from passerby.bootstrap.web_app import build_app
from passerby.server import listening
from passerby.server.http_protocol import allow_many_files
from passerby.server.listening import say
from passerby.server.processes import ChildProgram, running_child
from passerby.server.running_servers import RunningServer, announced
from passerby.settings import Settings

logger = logging.getLogger(__name__)


def serve(installation: Installation, *, with_worker: bool) -> None:
    """Serve until asked to stop, with a worker process if wanted."""
    chosen = installation.settings
    delete_what_a_backup_brought_back(installation)
    app = build_app(installation)
    config = listening.config(app, chosen)
    # All objects made so far stay. Full collections would look through them each time and
    # hold up requests: by 13 ms with the imports alone (measured).
    gc.collect()
    gc.freeze()
    listening.exit_on_signals()
    allow_many_files()
    with listening.listener(chosen.host, chosen.port) as listener:
        local = listening.url(chosen, *listener.getsockname()[:2])
        endpoint = chosen.public_url or local
        own_database = chosen.database is not None
        server = RunningServer(str(chosen.data.resolve()), endpoint, own_database)
        _greet(installation, local, endpoint)
        with (
            announced(server),
            running_child(_worker_program(chosen)) if with_worker else nullcontext(),
        ):
            uvicorn.Server(config).run([listener])


def endpoint(chosen: Settings) -> str:
    """Give the URL by which clients call a server with these settings."""
    return chosen.public_url or listening.url(chosen, chosen.host, chosen.port)


def _greet(installation: Installation, local: str, endpoint: str) -> None:
    """Print where the server is; on first start, create a key and print how to use it.

    It listens at `local`, and clients call `endpoint`.
    """
    chosen = installation.settings
    say(chosen, f"passerby serves {local}" + (f" as {endpoint}" if endpoint != local else ""))
    if chosen.console:
        say(chosen, f"its console is {local}/console/: log in with an access key")
    say(chosen, f"buckets are the folders in {chosen.bucket_root}")
    if installation.keys.entries():
        return
    if not chosen.first_key:
        logger.warning("there is no access key yet: make one with passerby keys create")
        return
    key = installation.keys.create()
    say(chosen, "An access key was made; AWS clients use it so (shown this once):")
    print(environment_lines(key, endpoint, client_region(chosen.regions)), flush=True)


def _worker_program(chosen: Settings) -> ChildProgram:
    """Build the command of a worker that ends with this process."""
    # -P: whatever lies in the folder of the caller is not imported.
    program = [sys.executable, "-P", "-m", "passerby"]
    command = [*program, "worker", "--with-parent", str(os.getpid())]
    return ChildProgram("worker", command, os.environ | chosen.environment())
