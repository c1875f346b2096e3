"""What a route may use: repositories, candles, long computations and the clock; handed to it, never looked up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from cluster.access import Gate, Passwords, SignIn
from cluster.api.condition import Pulse
from cluster.api.heavy_work import HeavyWork
from cluster.api.inspection import Inspection
from cluster.api.ray_figures import ray_figures
from cluster.api.settings import ApiSettings
from cluster.api.sparks import Sparks
from cluster.api.token_bucket import Rate
from cluster.bus import Bus
from cluster.errors import ClusterFault
from cluster.feed import FeedReader
from cluster.opened_database import OpenedDatabase
from cluster.supervisor.desk_files import DeskFiles
from market import Clock, SystemClock
from storage import (
    AlertRepository,
    CommandRepository,
    ConfigRepository,
    EvidenceRepository,
    EvolutionLogRepository,
    GenerationRepository,
    OperationsLogRepository,
    OverviewRepository,
    RunRepository,
    StrategyRepository,
    SystemStatusRepository,
    TradeRepository,
    TrialRepository,
    database_figures,
)

__all__ = ["ApiContext", "Context"]


@dataclass(frozen=True, slots=True)
class ApiContext:
    """Everything the routes work with.

    Attributes
    ----------
    settings : ApiSettings
        What the environment says.
    database : OpenedDatabase
        The only truth.
    gate : Gate
        Knows the tokens.
    bus : Bus
        The cache: display only.
    clock : Clock
        The time.
    work : HeavyWork
        For what takes long.
    with_token, without_token : Rate
        How often callers with and without a token may ask one replica.
    largest_body : int
        Most bytes of a request's body.
    sparks : Sparks
        Curves for lists.
    pulse : Pulse
        Whether the desk is well.
    prices : FeedReader
        Candles and tickers.
    sign_in : SignIn
        Lets people in by password.
    inspection : Inspection
        Looks at what may hang.
    """

    settings: ApiSettings
    database: OpenedDatabase
    gate: Gate
    bus: Bus = field(default_factory=lambda: Bus(None))
    clock: Clock = field(default_factory=SystemClock)
    work: HeavyWork = field(default_factory=HeavyWork)
    with_token: Rate = field(default_factory=lambda: Rate(200.0, 1_000))
    without_token: Rate = field(default_factory=lambda: Rate(20.0, 100))
    largest_body: int = 256 * 1024
    sparks: Sparks = field(init=False)
    pulse: Pulse = field(init=False)
    prices: FeedReader = field(init=False)
    sign_in: SignIn = field(init=False)
    inspection: Inspection = field(init=False)

    def __post_init__(self) -> None:
        """Make what is kept between requests."""
        object.__setattr__(self, "sparks", Sparks(self.database, self.clock))
        object.__setattr__(self, "pulse", Pulse(self))
        object.__setattr__(self, "sign_in", SignIn(self.database, Passwords(self.settings.home)))
        object.__setattr__(self, "inspection", Inspection(self._looks(), self.clock))
        object.__setattr__(self, "prices", FeedReader(self.settings.home, self.bus, self.clock))

    @property
    def strategies(self) -> StrategyRepository:
        """The population and the roster."""
        return StrategyRepository(self.database.engine)

    @property
    def overview(self) -> OverviewRepository:
        """Strategies as a whole."""
        return OverviewRepository(self.database.engine)

    @property
    def runs(self) -> RunRepository:
        """Runs of evolution and their history."""
        return RunRepository(self.database.engine)

    @property
    def generations(self) -> GenerationRepository:
        """How species and operators fared."""
        return GenerationRepository(self.database.engine)

    @property
    def trials(self) -> TrialRepository:
        """Every genome ever evaluated."""
        return TrialRepository(self.database.engine)

    @property
    def trades(self) -> TradeRepository:
        """Closed trades of strategies."""
        return TradeRepository(self.database.engine)

    @property
    def evidence(self) -> EvidenceRepository:
        """What evidence is made of."""
        return EvidenceRepository(self.database.engine)

    @property
    def config(self) -> ConfigRepository:
        """The configuration."""
        return ConfigRepository(self.database.engine)

    @property
    def commands(self) -> CommandRepository:
        """What people asked for."""
        return CommandRepository(self.database.engine)

    @property
    def operations(self) -> OperationsLogRepository:
        """Who changed what."""
        return OperationsLogRepository(self.database.engine)

    @property
    def alerts(self) -> AlertRepository:
        """What people should know."""
        return AlertRepository(self.database.engine)

    @property
    def measured(self) -> SystemStatusRepository:
        """What was measured of the desk."""
        return SystemStatusRepository(self.database.engine)

    @property
    def evolution_log(self) -> EvolutionLogRepository:
        """How runs went."""
        return EvolutionLogRepository(self.database.engine)

    def _looks(self) -> dict[str, Callable[[], Any]]:
        """Return how the parts are asked that may hang."""

        def cache() -> dict[str, Any]:
            figures = self.bus.figures()
            if figures is None:
                raise ClusterFault("the cache does not answer, or there is none")
            return figures

        def dashboard() -> str | None:
            address = (DeskFiles(self.settings.home).read_state().get("ray") or {}).get("dashboard")
            return None if address is None else str(address)

        return {
            "ray": ray_figures,
            "database": lambda: database_figures(self.database.engine),
            "cache": cache,
            "dashboard_url": dashboard,
        }

    def close(self) -> None:
        """Give everything back."""
        self.work.close()
        self.bus.close()
        self.database.close()


def _of(request: Request) -> ApiContext:
    return cast("ApiContext", request.app.state.context)


Context = Annotated[ApiContext, Depends(_of)]
