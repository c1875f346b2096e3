"""What became of a command."""

from typing import Annotated

from fastapi import APIRouter, Path

from cluster.api.command_answers import CommandAnswer, command_answer
from cluster.api.context import Context

router = APIRouter(prefix="/api/quantitative/commands", tags=["commands"])


@router.get("/{id}", summary="What became of a command")
def show_command(context: Context, command: Annotated[str, Path(alias="id", max_length=64)]) -> CommandAnswer:
    """Return a command as it is now."""
    return command_answer(context.commands.get(command))
