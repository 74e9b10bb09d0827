"""Processes that stay: the server, its worker beside it, and how both end.

The worker is a process of its own, so that the network computing in it never keeps
a client waiting, and a server can be started again without it.
"""

import gc
import ipaddress
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import uvicorn

from passerby import assembly, terminal
from passerby.assembly import Installation
from passerby.connections import IDLE_SECONDS, LimitedProtocol
from passerby.errands import errands
from passerby.errors import SettingsError
from passerby.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

logger = logging.getLogger(__name__)

# How long a worker that ended by itself is left alone before it is started again.
RESTART_SECONDS = 2.0
# How long an ending worker may take to put its job back into the queue.
GRACE_SECONDS = 10.0
PARENT_LOOK_SECONDS = 0.5
# How long requests under way may take when the server ends.
SHUTDOWN_SECONDS = 10
# How long all errands of an ending worker may take, about.
ERRAND_GRACE_SECONDS = 1.0

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def serve(installation: Installation, *, with_worker: bool) -> None:
    """Serve until asked to stop, with a worker beside it if wanted."""
    chosen = installation.settings
    app = assembly.build_app(installation)
    config = _config(app, chosen)
    # What is here now stays. To look through it at every full collection would hold up
    # requests: by 13 ms measured with the imports alone.
    gc.collect()
    gc.freeze()
    for number in STOP_SIGNALS:
        # uvicorn raises the signal again once it has ended: what is left is to
        # leave in order, so that the worker ends before its server.
        signal.signal(number, lambda *_: sys.exit())
    with _listener(chosen.host, chosen.port) as listener:
        _greet(installation, _url(chosen, *listener.getsockname()[:2]))
        with _worker_beside(chosen) if with_worker else nullcontext():
            uvicorn.Server(config).run([listener])


def endpoint(chosen: Settings) -> str:
    """URL at which a server with these settings is found."""
    return _url(chosen, chosen.host, chosen.port)


def _config(app: "Starlette", chosen: Settings) -> uvicorn.Config:
    if (chosen.tls_certificate is None) != (chosen.tls_key is None):
        raise SettingsError("TLS needs both, tls_certificate and tls_key.")
    if chosen.tls_certificate is None and not _is_loopback(chosen.host):
        logger.warning(
            "%s can be reached from elsewhere, and there is no TLS: signatures keep requests "
            "from being forged, but nothing keeps them from being read",
            chosen.host,
        )
    config = uvicorn.Config(
        app,
        http=LimitedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody could claim any address
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ssl_certfile=chosen.tls_certificate,
        ssl_keyfile=chosen.tls_key,
    )
    try:
        config.load()
    except OSError as error:  # of TLS, too
        raise SettingsError(f"The certificate cannot be used: {error}") from error
    return config


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def work(installation: Installation, parent: int | None) -> None:
    """Work off jobs until asked to stop, or until the process `parent` is gone."""
    # Holds for all threads and processes that are started from here on.
    os.nice(installation.settings.worker_niceness)
    stop = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    if parent is not None:
        threading.Thread(target=_stop_with, args=(parent, stop), daemon=True).start()
    with _errands_beside(installation, stop):
        assembly.build_worker(installation).run(stop)


@contextmanager
def _errands_beside(installation: Installation, stop: threading.Event) -> Iterator[None]:
    """What a worker does beside the jobs; `stop` is set when the block ends."""
    threads = [
        # One that hangs may be cut off: what it began, the next worker does again.
        threading.Thread(target=errand, args=(stop,), daemon=True)
        for errand in errands(installation)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(ERRAND_GRACE_SECONDS)


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise SettingsError(f"The server cannot listen: {error}") from error


def _url(chosen: Settings, host: str, port: int) -> str:
    scheme = "https" if chosen.tls_certificate else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _greet(installation: Installation, endpoint: str) -> None:
    """Say where the server is; on first start, make a key and say how to use it."""
    chosen = installation.settings
    _say(chosen, f"passerby serves {endpoint}")
    _say(chosen, f"buckets are the folders in {chosen.bucket_root}")
    if installation.keys.entries():
        return
    if not chosen.first_key:
        logger.warning("there is no access key yet: make one with passerby keys create")
        return
    key = installation.keys.create()
    _say(chosen, "An access key was made; AWS clients use it so (shown this once):")
    print(terminal.environment_lines(key, endpoint), flush=True)


def _say(chosen: Settings, text: str) -> None:
    """Tell whoever started the server, or the programs that read its log."""
    if chosen.log_format == "json":
        logger.info(text)
    else:
        terminal.notes.print(text, highlight=False)


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


def _stop_with(parent: int, stop: threading.Event) -> None:
    while os.getppid() == parent:
        if stop.wait(PARENT_LOOK_SECONDS):
            return
    stop.set()
