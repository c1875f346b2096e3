"""The driver: evolution that never stops, on the desk's Ray and on the candles of its feed.

``python -m cluster.driver`` is a child of the supervisor, and what `ray job submit` starts. `DriverSettings` says what
it evolves, `DriverLease` that it is the only one, `FirstSeen` on which candles, `present_run` which run goes on,
`Control` when it rests, `Roster` who is enabled on paper, `Gauges` and `Reports` what others see of it. `drive` puts
them together.
"""

from cluster.driver.control import Control
from cluster.driver.drive import drive
from cluster.driver.driver_lease import DriverLease
from cluster.driver.driver_settings import DriverSettings
from cluster.driver.first_seen import FirstSeen
from cluster.driver.gauges import Gauges
from cluster.driver.present_run import present_run
from cluster.driver.reports import Reports
from cluster.driver.roster import Roster

__all__ = [
    "Control",
    "DriverLease",
    "DriverSettings",
    "FirstSeen",
    "Gauges",
    "Reports",
    "Roster",
    "drive",
    "present_run",
]
