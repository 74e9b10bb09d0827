"""Processes that stay: the server, its worker beside it, and how both end.

The worker is a process of its own, so that the network computing in it never keeps
a client waiting, and a server can be started again without it.
"""

import gc
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import uvicorn

from passerby.access.environment import environment_lines
from passerby.bootstrap.installation import Installation
from passerby.bootstrap.web_app import build_app
from passerby.server import listening
from passerby.server.listening import say
from passerby.settings import Settings

logger = logging.getLogger(__name__)

# How long a worker that ended by itself is left alone before it is started again.
RESTART_SECONDS = 2.0
# How long an ending worker may take to put its job back into the queue.
GRACE_SECONDS = 10.0
PARENT_LOOK_SECONDS = 0.5


def serve(installation: Installation, *, with_worker: bool) -> None:
    """Serve until asked to stop, with a worker beside it if wanted."""
    chosen = installation.settings
    app = build_app(installation)
    config = listening.config(app, chosen)
    # What is here now stays. To look through it at every full collection would hold up
    # requests: by 13 ms measured with the imports alone.
    gc.collect()
    gc.freeze()
    listening.leave_in_order()
    with listening.listener(chosen.host, chosen.port) as listener:
        _greet(installation, listening.url(chosen, *listener.getsockname()[:2]))
        with _worker_beside(chosen) if with_worker else nullcontext():
            uvicorn.Server(config).run([listener])


def endpoint(chosen: Settings) -> str:
    """URL at which a server with these settings is found."""
    return listening.url(chosen, chosen.host, chosen.port)


def _greet(installation: Installation, endpoint: str) -> None:
    """Say where the server is; on first start, make a key and say how to use it."""
    chosen = installation.settings
    say(chosen, f"passerby serves {endpoint}")
    if chosen.console:
        say(chosen, f"its console is {endpoint}/console/: log in with an access key")
    say(chosen, f"buckets are the folders in {chosen.bucket_root}")
    if installation.keys.entries():
        return
    if not chosen.first_key:
        logger.warning("there is no access key yet: make one with passerby keys create")
        return
    key = installation.keys.create()
    say(chosen, "An access key was made; AWS clients use it so (shown this once):")
    print(environment_lines(key, endpoint), flush=True)


@contextmanager
def _worker_beside(chosen: Settings) -> Iterator[None]:
    """A worker process that lives as long as the block, started again if it dies."""
    stop = threading.Event()
    keeper = threading.Thread(target=_keep_worker, args=(chosen, stop))
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _keep_worker(chosen: Settings, stop: threading.Event) -> None:
    # -P: whatever lies in the folder of the caller is not imported.
    program = [sys.executable, "-P", "-m", "passerby"]
    command = [*program, "worker", "--with-parent", str(os.getpid())]
    environment = os.environ | chosen.environment()
    while not stop.is_set():
        # In a process group of its own: Ctrl-C is for the server to hear.
        process = subprocess.Popen(command, env=environment, process_group=0)  # noqa: S603
        while process.poll() is None and not stop.wait(PARENT_LOOK_SECONDS):
            pass
        if process.poll() is None:
            _end(process)
        else:
            logger.error("the worker ended by itself (%s)", process.returncode)
            stop.wait(RESTART_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
