"""The SQLAlchemy engine: how we connect, and how failures reach the caller."""

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext

from storage.driver import connect
from storage.failures import translate
from storage.settings import ConnectionSettings

__all__ = ["build_engine"]


def build_engine(settings: ConnectionSettings) -> Engine:
    """Return an engine whose failures are those of `storage.errors`.

    Parameters
    ----------
    settings : ConnectionSettings
        Where to connect, and as whom.

    Returns
    -------
    Engine
        Connects when it is first used. Neither its address nor its `repr` has the password.
    """
    # The driver gets the password from `storage.driver` alone, so no address with a password in it exists anywhere.
    address = URL.create(
        "postgresql+psycopg2",
        username=settings.user,
        host=settings.host,
        port=settings.port,
        database=settings.database,
    )
    engine = create_engine(
        address,
        creator=lambda: connect(settings),
        hide_parameters=True,
        execution_options={"evoq_settings": settings},  # for `storage.bulk`, which talks to the driver itself
        pool_pre_ping=True,
        pool_timeout=30,
    )

    @event.listens_for(engine, "handle_error")
    def _translate(context: ExceptionContext) -> None:
        connecting = context.connection is None
        ours = translate(context.original_exception, settings, lost=context.is_disconnect, connecting=connecting)
        if ours is not None and not context.is_pre_ping:
            raise ours from context.original_exception

    return engine
