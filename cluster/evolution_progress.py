"""Progress of a run in the terminal: a bar where people watch, one line a generation where they do not."""

from collections import deque
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from evolution import BatchCommit
from market import Clock

__all__ = ["EvolutionProgress"]

_SPEED_OVER_S = 5.0


class EvolutionProgress:
    """Listens to committed batches; a context manager.

    Parameters
    ----------
    console : Console
        Where to show it.
    total : int or None
        Evaluations until the end; None for no end.
    done : int
        Evaluations committed before this process began.
    generations : int or None
        Generations until the end; None for no end.
    bars_each : float
        Mean number of bars an evaluation covers.
    clock : Clock
        Measures the speed.
    """

    def __init__(
        self, console: Console, total: int | None, done: int, generations: int | None, bars_each: float, clock: Clock
    ) -> None:
        self._console = console
        self._of = "" if generations is None else f"/{generations}"
        self._bars_each = bars_each
        self._clock = clock
        self._recent = deque([(clock.monotonic(), done)])
        self._generation = 0
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.fields[speed]}"),
            TextColumn("{task.fields[best]}"),
            TextColumn("ETA"),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not console.is_terminal,
            speed_estimate_period=_SPEED_OVER_S,
            transient=True,
        )
        self._task = self._bar.add_task(
            "preparing (kernels compile once)", total=total, completed=done, speed="", best=""
        )

    def __enter__(self) -> "EvolutionProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, commit: BatchCommit) -> None:
        """Show a committed batch.

        Parameters
        ----------
        commit : BatchCommit
            The batch.
        """
        now = self._clock.monotonic()
        while len(self._recent) > 1 and now - self._recent[0][0] > _SPEED_OVER_S:
            self._recent.popleft()
        since, done = self._recent[0]
        self._recent.append((now, commit.evaluations))
        rate = (commit.evaluations - done) / max(now - since, 1e-9)
        best = "best -" if commit.best is None else f"best {commit.best.score:.1f} ({commit.best.species})"
        self._bar.update(
            self._task,
            completed=commit.evaluations,
            description=f"generation {commit.generation}{self._of} round {commit.round}",
            speed=f"{rate:,.0f} evaluations/s, {rate * self._bars_each / 1e6:,.0f} M strategy-bars/s",
            best=best,
        )
        if not self._console.is_terminal and commit.generation != self._generation:
            self._generation = commit.generation
            self._console.print(
                f"generation {commit.generation}{self._of}: {commit.evaluations:,} evaluations, {rate:,.0f}/s, {best}",
                soft_wrap=True,
            )
