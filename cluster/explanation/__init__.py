"""An explanation: all that is known of a strategy or a run, gathered, and shown in a terminal, as JSON or as charts.

`find_subject` tells what an id means. `StrategyExplanation.gather` and `RunExplanation.gather` read the database and,
for a strategy, the candle files of its run; `describe` makes JSON values of them, `print_strategy` and `print_run`
pages of a terminal, `strategy_figures` and `run_figures` charts. Nothing here is stored.
"""
