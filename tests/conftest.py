"""What tests of several parts need, and what they talk to."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from moto.server import ThreadedMotoServer
from tests import attempts, postgresql

# How long an example takes is the machine's business.
settings.register_profile(
    "patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")
settings.register_profile("long", settings(), max_examples=5_000)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how often what was tried against servers."""
    if told := attempts.summary():
        terminalreporter.write_line(told)


@pytest.fixture(scope="session", autouse=True)
def _states_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers of tests and those of the user do not find each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("states")))
        yield


@pytest.fixture
def ctrl_c_heeded() -> Iterator[None]:
    """Ctrl-C interrupts what is started, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Endpoint of a stand-in for SNS, SQS, STS and IAM that lives as long as the tests."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """A server that lives as long as the tests; without its programs they are skipped."""
    programs = postgresql.programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with postgresql.running(programs) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: postgresql.Server) -> Iterator[str]:
    """URL of a database without tables."""
    with postgresql_server.without_tables() as url:
        yield url
