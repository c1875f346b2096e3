"""What was refused to somebody who is known, told to the operations log."""

from collections.abc import Mapping

from sqlalchemy import Engine

from storage import OperationsLogRepository

__all__ = ["log_refusals"]


def log_refusals(
    engine: Engine, codes: Mapping[str | None, str], *, by: str, role: str, action: str, reason: str | None
) -> None:
    """Tell the operations log what was refused, in one transaction.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    codes : mapping of str or None to str
        For each target the code of its problem; None for what has no target.
    by, role : str
        Who asked for it, and in which role.
    action : str
        What was asked for.
    reason : str or None
        Why, in the words of whoever asked.
    """
    asked: dict[str, object] = {"actor": by, "role": role, "source": "api", "action": action, "reason": reason}
    rows = [asked | {"target": target, "result": f"refused: {code}"} for target, code in codes.items()]
    OperationsLogRepository(engine).append_all(rows)
