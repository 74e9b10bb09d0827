"""Run the stub server of `passerby serve --replay`."""

from pathlib import Path

import uvicorn

from passerby.access.environment import client_region, environment_lines
from passerby.bootstrap.notifications import delivery
from passerby.bootstrap.web_app import rate_limits
from passerby.replay.keys import TEST_KEY
from passerby.replay.notifier import Notifier
from passerby.replay.stub_server import ServerOptions, stub_server_for
from passerby.server import listening
from passerby.settings import Settings


def serve(chosen: Settings, folder: Path) -> None:
    """Replay the recordings of a folder, by the script in it, until asked to stop."""
    notifier = Notifier(delivery(chosen))
    options = ServerOptions(
        rates=rate_limits(chosen.account_quotas),
        open_job_limit=chosen.account_quotas.open_jobs,
        cors_origins=chosen.cors_origins,
        public_url=chosen.public_url,
    )
    stub_server = stub_server_for(folder, notifier.send, options)
    config = listening.config(stub_server.app, chosen)
    listening.exit_on_signals()
    with listening.listener(chosen.host, chosen.port) as listener, notifier.running():
        local = listening.url(chosen, *listener.getsockname()[:2])
        listening.say(chosen, f"passerby replays {folder} at {local}, for tests only")
        endpoint, region = chosen.public_url or local, client_region(chosen.regions)
        print(environment_lines(TEST_KEY, endpoint, region), flush=True)
        uvicorn.Server(config).run([listener])
