"""What people see: a client of the desk's HTTP API and push, for notebooks and for the control panel.

One line connects to the desk that runs on this machine, or to another one:

    desk = ui.connect()
    desk = ui.connect("https://desk.example:8888", token)
    desk = ui.sign_in("read", password, "https://desk.example:8888")

    desk.status()                                   # the desk at a glance
    desk.leaderboard(20)                            # a DataFrame, the best evidence first
    desk.wait(desk.enable("kq3v7mzc2hda", reason="steady on four windows"))
    for event in desk.events(["strategy_update"]):  # as it happens
        print(event)

Nothing here imports the other packages: whatever is shown or changed goes through the API and its rules.

====================  ======================================================================
`client`              the client, put together
`desk_calls`          the desk as a whole: status, commands, logs, alerts, configuration
`strategy_calls`      strategies
`evolution_calls`     generations, the archive, leaders, luck, runs
`price_calls`         candles, tickers, the feed
`system_calls`        the cluster, and how measures went
`session_calls`       signing in and out
`queries`             what lists may be asked for
`destination`         where a desk answers, and the token it asks for
`transport`           one request: limits, retries, refusals
`push_events`         what happens, as it happens
`errors`              what can go wrong, by who must act
`strategy_answers`    strategies, their curves, ancestors and surroundings
`desk_answers`        status, commands, configuration, logs and alerts
`system_answers`      the cluster, and how measures went
`session_answers`     who is signed in
`overview_answers`    the live page: funnel, types, next candle, the map of strategies
`trade_answers`       trades of a strategy, the price it traded, what it returned
`evolution_answers`   generations, the archive, leaders, luck, runs
`price_answers`       candles, tickers, the feed
`page`, `frames`      a part of a list; answers as DataFrames
====================  ======================================================================
"""

from ui.client import Client, begin_session, connect, sign_in
from ui.errors import (
    AnswerError,
    BusyError,
    ClientError,
    CommandFailedError,
    CommandRefusedError,
    ConflictError,
    ForbiddenError,
    InvalidValueError,
    NotFoundError,
    OutcomeUnknownError,
    RefusalError,
    ServerError,
    SettingError,
    StillRunningError,
    UnauthorizedError,
    UnavailableError,
)
from ui.push_events import Event, EventStream, Gap

__all__ = [
    "AnswerError",
    "BusyError",
    "Client",
    "ClientError",
    "CommandFailedError",
    "CommandRefusedError",
    "ConflictError",
    "Event",
    "EventStream",
    "ForbiddenError",
    "Gap",
    "InvalidValueError",
    "NotFoundError",
    "OutcomeUnknownError",
    "RefusalError",
    "ServerError",
    "SettingError",
    "StillRunningError",
    "UnauthorizedError",
    "UnavailableError",
    "begin_session",
    "connect",
    "sign_in",
]
