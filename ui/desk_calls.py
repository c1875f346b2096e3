"""The desk as a whole: its condition, what it is told, its logs, alerts and configuration."""

import time
from dataclasses import asdict
from typing import Unpack

from ui.calls import Calls, Q, decoded, without_none
from ui.desk_answers import (
    Accepted,
    Alert,
    Command,
    Config,
    ConfigChange,
    DeskStatus,
    EvolutionLogRow,
    Health,
    OperationsLogRow,
)
from ui.errors import AnswerError, CommandFailedError, CommandRefusedError, StillRunningError
from ui.overview_answers import Overview
from ui.page import Page
from ui.queries import AlertQuery, ConfigQuery, EvolutionQuery, OperationsQuery, segment

__all__ = ["DeskCalls"]

_FIRST_LOOK_S = 0.05
_RARELY_S = 1.0


class DeskCalls(Calls):
    """Asks and tells the desk as a whole."""

    def health(self) -> Health:
        """Return whether the desk is well; a desk that is down answers too."""
        return decoded(Health, self._transport.read("/health", accept=(503,)), "/health")

    def status(self) -> DeskStatus:
        """Return the desk at a glance."""
        return self._read(DeskStatus, f"{Q}/system-status")

    def overview(self) -> Overview:
        """Return what the live page shows, in one answer; cheap enough to be asked every second."""
        return self._read(Overview, f"{Q}/overview")

    def metrics(self) -> str:
        """Return the gauges of the desk, as Prometheus text."""
        return self._transport.read("/metrics").body.decode()

    def panel_url(self) -> str:
        """Return the address of the control panel."""
        location = self._transport.read("/").headers.get("location")
        if not location:
            raise AnswerError(f"{self.url} does not say where its control panel is")
        return location

    def control(
        self, action: str, reason: str | None = None, *, confirm: str | bool | None = None, key: str | None = None
    ) -> Accepted:
        """Tell the desk something; `wait` waits until it is done.

        Parameters
        ----------
        action : str
            start, stop, pause_evolution or resume_evolution; others come with trading.
        reason : str, optional
            For the operations log.
        confirm : str or bool, optional
            For actions that move money.
        key : str, optional
            Idempotency-Key; a new one by default.

        Returns
        -------
        Accepted
            The command.
        """
        body = {"action": action, "reason": reason, "confirm": confirm}
        return self._write(Accepted, "POST", f"{Q}/system-control", without_none(body), key)

    def start(self, reason: str | None = None, *, key: str | None = None) -> Accepted:
        """Start evolution."""
        return self.control("start", reason, key=key)

    def stop(self, reason: str | None = None, *, key: str | None = None) -> Accepted:
        """Stop evolution."""
        return self.control("stop", reason, key=key)

    def pause(self, reason: str | None = None, *, key: str | None = None) -> Accepted:
        """Let evolution rest."""
        return self.control("pause_evolution", reason, key=key)

    def resume(self, reason: str | None = None, *, key: str | None = None) -> Accepted:
        """Let evolution go on."""
        return self.control("resume_evolution", reason, key=key)

    def command(self, command: str) -> Command:
        """Return a command, by its id, as it is now."""
        return self._read(Command, f"{Q}/commands/{segment(command, 'command')}")

    def wait(self, command: Accepted | Command | str, patience_s: float | None = None) -> Command:
        """Wait until a command is done.

        Parameters
        ----------
        command : Accepted, Command or str
            What a write has returned, or an id.
        patience_s : float, optional
            How long; by default that of the client.

        Returns
        -------
        Command
            Done; `detail` says what was.

        Raises
        ------
        CommandRefusedError
            If it was refused.
        CommandFailedError
            If it failed.
        StillRunningError
            If it has not ended in time.
        """
        patience_s = self._patience_s if patience_s is None else patience_s
        deadline = time.monotonic() + patience_s
        name = (
            command if isinstance(command, str) else command.id if isinstance(command, Command) else command.command_id
        )
        look_s = _FIRST_LOOK_S
        while True:
            found = self.command(name)
            if found.ended:
                break
            if time.monotonic() + look_s > deadline:
                raise StillRunningError(f"command {name} ({found.action}) is {found.status} after {patience_s:g} s")
            time.sleep(look_s)  # it is asked for, as a client need not listen to the push
            look_s = min(2.0 * look_s, _RARELY_S)
        if found.status == "done":
            return found
        words = f"command {name} ({found.action}) {found.status}: {found.detail or 'without a word'}"
        if found.status == "refused":
            raise CommandRefusedError(words)
        raise CommandFailedError(words)

    def evolution_log(self, **asked: Unpack[EvolutionQuery]) -> Page[EvolutionLogRow]:
        """Return a page of how runs went, the newest first; `run_id`, `species` and `event` filter it."""
        return self._page(EvolutionLogRow, f"{Q}/evolution-log", dict(asked))

    def operations_log(self, **asked: Unpack[OperationsQuery]) -> Page[OperationsLogRow]:
        """Return a page of who changed what, the newest first; `actor`, `action` and `target` filter it."""
        return self._page(OperationsLogRow, "/api/operations-log", dict(asked))

    def alerts(self, **asked: Unpack[AlertQuery]) -> Page[Alert]:
        """Return a page of alerts, the newest first; `severity` and `open` filter it."""
        return self._page(Alert, "/api/alerts", dict(asked))

    def ack_alert(self, alert: int, *, key: str | None = None) -> Alert:
        """Say that an alert was seen; whoever said so first stays its reader."""
        return self._write(Alert, "POST", f"/api/alerts/{int(alert)}/ack", None, key)

    def config(self) -> Config:
        """Return the configuration."""
        return self._read(Config, f"{Q}/config")

    def config_history(self, **asked: Unpack[ConfigQuery]) -> Page[ConfigChange]:
        """Return a page of who changed which values of the configuration, the newest first; `actor` filters it."""
        return self._page(ConfigChange, f"{Q}/config/history", dict(asked))

    def put_config(self, config: Config, reason: str | None = None, *, key: str | None = None) -> Config:
        """Replace the configuration, if it still has the version that was read.

        Parameters
        ----------
        config : Config
            What `config` returned, changed with `dataclasses.replace`. Its `version` says what is replaced.
        reason : str, optional
            For the operations log.
        key : str, optional
            Idempotency-Key; a new one by default.

        Returns
        -------
        Config
            As it is now; a `ConflictError` where somebody else was faster.
        """
        body = {name: value for name, value in asdict(config).items() if name in ("auto_trading", "management", "risk")}
        body |= without_none({"reason": reason})
        headers = {"If-Match": f'"{config.version}"'}
        return self._write(Config, "PUT", f"{Q}/config", body, key, headers)
