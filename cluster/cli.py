"""The command line: one file a command, loaded when it is asked for; mistakes answered in one line.

Exit status: 0; 1 our failure; 2 the user's mistake or a missing service; 130 Ctrl-C.
"""

import difflib
import errno
import importlib
import io
import os
import pkgutil
import stat
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from dotenv import load_dotenv
from typing_extensions import override

import cluster.commands
from cluster.errors import UserError

__all__ = ["cli", "main"]

_OURS = ("market", "strategies", "backtest", "evolution", "storage", "cluster")
_FULL = (errno.ENOSPC, errno.EDQUOT)
_INTERRUPTED = 130


class _Commands(click.Group):
    """The commands found in `cluster.commands`; a module is imported only when its command runs."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(info.name for info in pkgutil.iter_modules(cluster.commands.__path__))

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        known = self.list_commands(ctx)
        if cmd_name not in known:
            near = difflib.get_close_matches(cmd_name, known, n=1)
            ctx.fail(
                f'no command "{cmd_name}"; ' + (f'did you mean "{near[0]}"?' if near else f"known: {', '.join(known)}")
            )
        command = importlib.import_module(f"cluster.commands.{cmd_name}").command
        return command if isinstance(command, click.Command) else None


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: evoq backtest --candles FILE --type momentum --param lookback_period=20 --param threshold=0.01",
)
@click.version_option(package_name="evoq", message="%(prog)s %(version)s")
def cli() -> None:
    """Evolve crypto trading strategies, and let only those with honest evidence trade."""
    _read_secrets()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the program's name; those of the process unless given.

    Raises
    ------
    SystemExit
        Always, with the exit status.
    """
    status = _run(arguments)
    if status == _INTERRUPTED:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)  # a native thread that was interrupted in its work may not survive an orderly end
    raise SystemExit(status)


def _run(arguments: Sequence[str] | None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that is not UTF-8 shows "?", and goes on
    try:
        _read_dotenv()
        cli.main(args=None if arguments is None else list(arguments), prog_name="evoq", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 2
    except click.UsageError as error:
        return _refuse(f"{error.format_message()}{_hint(error)}")
    except click.ClickException as error:
        return _refuse(error.format_message())
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("evoq: stopped", err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads any more: end quietly
        return 0
    except SystemExit:
        return 0  # Rich leaves like this when nobody reads any more
    except Exception as error:  # whatever is left becomes a line and an exit status, here alone
        if isinstance(error, ValueError) and type(error).__module__.partition(".")[0] in _OURS:
            return _refuse(str(error))
        if isinstance(error, OSError) and error.errno in _FULL:
            return _refuse(f"no space left on the disk for {error.filename or 'the output'}; free some and run again")
        return _report(error)
    return 0


def _read_dotenv() -> None:
    """Read the .env of this folder; what is exported already wins."""
    try:
        path = Path.cwd() / ".env"
    except FileNotFoundError as error:
        raise UserError("the present folder does not exist any more; change to one that does") from error
    _load(path)


def _read_secrets() -> None:
    """Read the secrets.env of the home, which systemd gives to a desk that it starts; what is known already wins."""
    from storage.folders import home_path

    path = home_path() / "secrets.env"
    if not os.path.isfile(path):  # nor is a home that we may not enter a reason to end here
        return
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        click.echo(f"evoq: others may read {path}: chmod 600 {path}", err=True)
    _load(path, interpolate=False)  # systemd takes a $ as it is


def _load(path: Path, interpolate: bool = True) -> None:
    try:
        load_dotenv(path, interpolate=interpolate)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} must be readable UTF-8 text, is not ({error}); correct or remove it") from error


def _refuse(message: str) -> int:
    click.echo(f"evoq: {' '.join(message.split())}", err=True)
    return 2


def _hint(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx else "evoq"
    return f' (see "{path} --help")'


def _report(error: Exception) -> int:
    """Tell our own failure in one line, with the details in a file."""
    from storage import home

    text = "".join(traceback.format_exception(error))
    try:
        folder = Path(home()) / "logs"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"failure-{datetime.fromtimestamp(_now(), UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.txt"
        path.write_text(text)
        where = f"details in {path}"
    except OSError:
        where = text
    click.echo(f"evoq: this is our failure, not yours: {type(error).__name__}: {error}; {where}", err=True)
    return 1


def _now() -> float:
    from market.clock import SystemClock

    return SystemClock().now_ms() / 1000.0
