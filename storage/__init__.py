"""What is remembered: the PostgreSQL schema, its migrations, repositories, and the embedded server.

    with storage.open_database() as database:
        runs = storage.RunRepository(database.engine)
        run_id = runs.create({...})
        runs.commit(run_id, batch=0, state=b"...", trials=[...], evaluations=64, generation=1, round=1)

Without `DB_HOST` an embedded PostgreSQL is started under `EVOQ_HOME`, or joined when another process of the
same home has started it; the last one to close it stops it. With `DB_HOST` (and `DB_PORT`, `DB_NAME`,
`DB_USER`, `DB_PASSWORD`) that server is used. Both ways run the same code as a plain role, and bring the
schema up to date when they open it.

Plain values go in and out: numbers, text, aware datetimes (or integer ms UTC), lists and mappings. A number
that is not finite is stored as NULL. Every error is one of `storage.errors`; those the user can cure are
`ValueError`.

========================  =========================================================================
`open_database`           opens, migrates, and gives a `Database` with its `engine`
`open_cache`              opens the cache, embedded or at `REDIS_URL`, and gives a `Cache` with its `url`
`backup`, `restore`       the whole database into a file, and back
`RunRepository`           runs: one transaction for a batch's results and the state after it
`DeskRunRepository`       which of the runs are the desk's own, and which of them it has left behind
`TrialRepository`         every genome evaluated, and who descends from whom
`StrategyRepository`      the population and the roster, and their leaderboard
`OverviewRepository`      strategies as a whole: why most fail, each type, the map
`EvolutionLogRepository`  how runs went and what their optimisers did, as one list
`GenerationRepository`    how species and operators fared, generation by generation
`EvidenceRepository`      which candles were searched and how often, looks at holdouts, curves
`SparkRepository`         curves in a few points, for lists
`ConfigRepository`        the configuration, with a version against lost updates
`TradeRepository`         closed trades of strategies
`SessionRepository`       who is signed in
`SignInRepository`        tries to sign in, and who is locked out
`CommandRepository`       what people ask the desk to do: accepted here, done elsewhere
`LeaseRepository`         the right to do something alone, by the clock of the database
`OperationsLogRepository` the audit log: who changed what
`AlertRepository`         what people should know
`SystemStatusRepository`  what was measured, of which the latest is asked for most
`storage.embedded`        `embedded_status` and `stop_embedded`: the embedded database of a home, from outside
`storage.cache_server`    `cache_status` and `stop_cache`: the embedded cache of a home, from outside
========================  =========================================================================
"""

from storage.alert_repository import SEVERITIES, AlertRepository
from storage.backup_file import BackupManifest, read_backup
from storage.cache import Cache, open_cache
from storage.command_repository import Command, CommandRepository
from storage.config_repository import LONGEST_INTERVAL_S, AutoTrading, ConfigRecord, ConfigRepository, Management
from storage.database import Database, open_database
from storage.database_backup import backup
from storage.database_figures import database_figures
from storage.database_restore import restore
from storage.desk_runs import DeskRunRepository
from storage.errors import (
    AccountError,
    BackupFileError,
    CacheUnreachableError,
    ConflictError,
    DatabaseBusyError,
    DatabaseUnreachableError,
    DiskFullError,
    DumpError,
    EmbeddedServerError,
    HomeError,
    InUseError,
    InvalidValueError,
    LeaseLostError,
    LoginError,
    NotFoundError,
    OverwriteError,
    PrivilegeError,
    SettingError,
    StatementError,
    StorageError,
    StorageUserError,
    TransitionError,
    VersionError,
)
from storage.evidence_repository import MOST_CURVE_POINTS, EvidenceRepository, TrialCount
from storage.evolution_log_repository import EvolutionLogRepository, event_row
from storage.folders import home
from storage.generation_repository import GenerationRepository
from storage.lease_repository import Lease, LeaseRecord, LeaseRepository, require_lease
from storage.operations_log_repository import OperationsLogRepository
from storage.pagination import MOST_COUNTED, MOST_ROWS, Page
from storage.run_records import RunRecord, RunState
from storage.run_repository import RunRepository
from storage.session_repository import SessionRecord, SessionRepository
from storage.sign_in_repository import SignInRepository
from storage.spark_repository import SparkRepository
from storage.strategy_list import StrategyCounts, StrategyPage
from storage.strategy_overview import OverviewRepository, TypeSummary
from storage.strategy_population import strategy_id
from storage.strategy_repository import StrategyRepository
from storage.strategy_roster import StateChange
from storage.system_status_repository import StatusRecord, SystemStatusRepository
from storage.trade_repository import TradeRepository
from storage.trial_growth import TrialGrowth, trial_growth
from storage.trial_repository import TrialRepository

__all__ = [
    "LONGEST_INTERVAL_S",
    "MOST_COUNTED",
    "MOST_CURVE_POINTS",
    "MOST_ROWS",
    "SEVERITIES",
    "AccountError",
    "AlertRepository",
    "AutoTrading",
    "BackupFileError",
    "BackupManifest",
    "Cache",
    "CacheUnreachableError",
    "Command",
    "CommandRepository",
    "ConfigRecord",
    "ConfigRepository",
    "ConflictError",
    "Database",
    "DatabaseBusyError",
    "DatabaseUnreachableError",
    "DeskRunRepository",
    "DiskFullError",
    "DumpError",
    "EmbeddedServerError",
    "EvidenceRepository",
    "EvolutionLogRepository",
    "GenerationRepository",
    "HomeError",
    "InUseError",
    "InvalidValueError",
    "Lease",
    "LeaseLostError",
    "LeaseRecord",
    "LeaseRepository",
    "LoginError",
    "Management",
    "NotFoundError",
    "OperationsLogRepository",
    "OverviewRepository",
    "OverwriteError",
    "Page",
    "PrivilegeError",
    "RunRecord",
    "RunRepository",
    "RunState",
    "SessionRecord",
    "SessionRepository",
    "SettingError",
    "SignInRepository",
    "SparkRepository",
    "StateChange",
    "StatementError",
    "StatusRecord",
    "StorageError",
    "StorageUserError",
    "StrategyCounts",
    "StrategyPage",
    "StrategyRepository",
    "SystemStatusRepository",
    "TradeRepository",
    "TransitionError",
    "TrialCount",
    "TrialGrowth",
    "TrialRepository",
    "TypeSummary",
    "VersionError",
    "backup",
    "database_figures",
    "event_row",
    "home",
    "open_cache",
    "open_database",
    "read_backup",
    "require_lease",
    "restore",
    "strategy_id",
    "trial_growth",
]
