"""Evidence: what finalists earned on bars that their selection never saw, and the grade that follows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import backtest
from evolution.errors import SettingsError
from evolution.finalists import Finalist
from evolution.objective import Market, spec_of
from evolution.windows import Windows
from strategies import StrategySpec, get

__all__ = ["FinalistEvidence", "SpanScore", "gather_evidence"]


@dataclass(frozen=True, slots=True)
class SpanScore:
    """How a strategy did on a part of the candles.

    Attributes
    ----------
    kind : {"train", "test", "live", "holdout"}
        Whether its selection saw these bars; "live" ones closed after the run had begun.
    start, stop : int
        Open of the first bar and close of the last one, ms UTC.
    scs : float
        0..100.
    n_trades : int
        Trades entered and left there.
    sharpe : float
        Annualised; NaN where undefined.
    """

    kind: str
    start: int
    stop: int
    scs: float
    n_trades: int
    sharpe: float


@dataclass(frozen=True, eq=False)
class FinalistEvidence:
    """All that is known of one finalist.

    Attributes
    ----------
    finalist : Finalist
        Who.
    spec : StrategySpec
        The strategy, at quantity 1.
    selected_until : int
        Close of the last bar that its selection saw, ms UTC.
    in_sample_scs : float
        SCS on all bars that its selection saw.
    spans : tuple of SpanScore
        Training folds, test spans and the holdout.
    oos : OutOfSample
        Everything after its selection, purged.
    dsr, dsr_raw : float
        Over the candles of the run, deflated by the effective and by the raw number of trials on these; a holdout
        is no part of it.
    grade : Grade
        What that earns.
    """

    finalist: Finalist
    spec: StrategySpec
    selected_until: int
    in_sample_scs: float
    spans: tuple[SpanScore, ...]
    oos: backtest.OutOfSample
    dsr: float
    dsr_raw: float
    grade: backtest.Grade


def gather_evidence(
    finalists: Sequence[Finalist],
    windows: Windows,
    trials: Mapping[Market, backtest.TrialStatistics],
    rule: backtest.GradeRule | None = None,
    whole: Mapping[Market, backtest.PreparedCandles] | None = None,
) -> list[FinalistEvidence]:
    """Score finalists on what their selection never saw.

    The evidence of a finalist begins after the bars that selected it, and then leaves out its lookback and its mean
    holding time: at the first bar that counts, no signal stands on a price that selection saw, and no position was
    usually opened by then.

    Parameters
    ----------
    finalists : sequence of Finalist
        Frozen; nothing is chosen here.
    windows : Windows
        What selected them.
    trials : mapping of (symbol, timeframe) to TrialStatistics
        Honest counts of each market.
    rule : GradeRule, optional
        What evidence must reach.
    whole : mapping of (symbol, timeframe) to PreparedCandles, optional
        All candles, those of a holdout at the end; by default those of `windows`.

    Returns
    -------
    list of FinalistEvidence
        One a finalist, in their order.

    Raises
    ------
    SettingsError
        If `whole` does not begin with the candles of `windows`: bars that were selected on would be taken for others.
    """
    everything = windows.whole if whole is None else whole
    for market, known in windows.candles.items():
        if everything[market].candles[: len(known)] != known:
            raise SettingsError(
                f"all candles of {' '.join(market)} must begin with those of the run, did not; give the same candles "
                "and what follows them"
            )
    return [_evidence(finalist, windows, trials, rule, everything) for finalist in finalists]


def _evidence(
    finalist: Finalist,
    windows: Windows,
    trials: Mapping[Market, backtest.TrialStatistics],
    rule: backtest.GradeRule | None,
    whole: Mapping[Market, backtest.PreparedCandles],
) -> FinalistEvidence:
    market = finalist.member.species.market
    window = windows.index(finalist.window)
    candles, costs = whole[market], windows.costs
    spec = spec_of(finalist.member.candidate)
    start, stop = windows.train_start(market, window), windows.train_stop(market, window)
    trained = backtest.run_spans([spec], candles, [(start, stop)], costs)[0].iloc[0]
    n_returns = stop - start - (stop < len(candles))  # the closing fill is one more
    holding = float(backtest.mean_holding_bars(trained["exposure"], trained["n_trades"], n_returns))
    gap = get(spec.type).warm_up(spec.parameters) + (0 if math.isnan(holding) else math.ceil(holding - 1e-9))
    oos = backtest.out_of_sample(spec, candles, min(stop + gap, len(candles)), costs)
    moments = backtest.full_window_moments(spec, windows.whole[market], costs)  # what the trials are counted on
    counted = trials[market]
    dsr = counted.dsr(moments)
    shortest, needed = min(map(len, windows.candles.values())), windows.plan.fewest_bars
    if stop == len(candles) and not windows.plan.spans and shortest < needed:
        grade = backtest.Grade("C", (f"{shortest:,} candles are too few for out-of-sample evidence, needs {needed:,}",))
    else:
        grade = backtest.grade(oos.evidence(dsr), rule)
    return FinalistEvidence(
        finalist=finalist,
        spec=spec,
        selected_until=_close_of(candles, stop - 1),
        in_sample_scs=float(trained["scs"]),
        spans=_span_scores(spec, windows, market, window, oos.start, candles),
        oos=oos,
        dsr=dsr,
        dsr_raw=counted.dsr_raw(moments),
        grade=grade,
    )


def _span_scores(
    spec: StrategySpec, windows: Windows, market: Market, window: int, first: int, candles: backtest.PreparedCandles
) -> tuple[SpanScore, ...]:
    known, began, stop = windows.n_bars[market], windows.train_start(market, window), windows.train_stop(market, window)
    folds = backtest.fold_spans(spec, stop - began, windows.folds.folds)
    spans = [("train", began + start, began + end) for start, end in folds]
    edges = [windows.train_stop(market, later) for later in range(window, windows.plan.spans)]
    spans += [("test", max(start, first), end) for start, end in zip(edges, [*edges[1:], known], strict=False)]
    closed = len(windows.candles[market])
    spans += [("live", max(known, first), closed), ("holdout", max(closed, first), len(candles))]
    spans = [span for span in spans if span[1] < span[2]]
    tables = backtest.run_spans([spec], candles, [(start, end) for _, start, end in spans], windows.costs)
    return tuple(
        SpanScore(
            kind=kind,
            start=int(candles.candles.timestamp[start]),
            stop=_close_of(candles, end - 1),
            scs=float(table["scs"].iloc[0]),
            n_trades=int(table["n_trades"].iloc[0]),
            sharpe=float(table["sharpe"].iloc[0]),
        )
        for (kind, start, end), table in zip(spans, tables, strict=True)
    )


def _close_of(candles: backtest.PreparedCandles, bar: int) -> int:
    return int(candles.candles.timestamp[bar]) + candles.candles.timeframe_ms
