"""Connections to a PostgreSQL database.

Sources: PostgreSQL documentation, "Transaction Isolation", "Client Connection
Defaults" and, for the parameters of a connection, "libpq - Parameter Key Words".
"""

from sqlalchemy import URL, Engine, create_engine

from passerby.database.schema import METADATA

DRIVER = "postgresql+psycopg"

# A process that was frozen in the middle of a transaction keeps its locks, and so
# others waiting, for this long.
IDLE_SECONDS = 20.0
CONNECT_TIMEOUT_SECONDS = 10
# A server that vanished without a word (power, network) is given up after about 20 s:
# too few for a job's lease to run out meanwhile.
SILENCE = {
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # ms
}


def engines(url: URL) -> tuple[Engine, Engine]:
    """Create an engine for reading and one for writing, which share one pool.

    A reader sees the database as it was at one time. A writer sees what was committed
    before each of its statements, so its own checks hold for others' transactions only
    where it locks first. Parameters in `url` itself take precedence.
    """
    defaults = {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "application_name": "passerby",
        "options": f"-c idle_in_transaction_session_timeout={round(IDLE_SECONDS * 1000)}",
        **SILENCE,
    }
    engine = create_engine(
        url.set(drivername=DRIVER),
        connect_args={name: defaults[name] for name in defaults.keys() - url.query.keys()},
        pool_pre_ping=True,
        # Parameters are callers' own, tokens among them: no error quotes them in the log.
        hide_parameters=True,
    )
    return (
        engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True),
        engine.execution_options(isolation_level="READ COMMITTED"),
    )


def erase_remains(engine: Engine) -> None:
    """Write the tables anew, without what is left of deleted rows."""
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in METADATA.sorted_tables:
            connection.exec_driver_sql(f"VACUUM FULL {table.name}")
