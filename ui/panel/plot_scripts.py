"""The scripts that draw plots in a browser, served beside Streamlit: Plotly's, and ours around it."""

import functools
import gzip
import hashlib
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

__all__ = ["drawing_script_path", "library_path", "plot_script_routes"]

_OURS = Path(__file__).resolve().parent / "plot.js"
_PACKED = {
    "Cache-Control": "public, max-age=31536000, immutable",  # its address has its version
    "Content-Encoding": "gzip",  # packed once, not for every browser again
}


def plot_script_routes() -> list[Route]:
    """Return the routes of both scripts.

    Returns
    -------
    list of starlette.routing.Route
        For everybody: nothing of the desk is in them.
    """
    return [Route(library_path(), _library), Route(drawing_script_path(), _drawing_script)]


@functools.cache
def library_path() -> str:
    """Return the path of Plotly's script, of the version that is installed."""
    from plotly.offline import get_plotlyjs_version

    return f"/plots/plotly-{get_plotlyjs_version()}.js"


@functools.cache
def drawing_script_path() -> str:
    """Return the path of our script: a module whose default function draws a plot."""
    return f"/plots/plot-{hashlib.sha256(_OURS.read_bytes()).hexdigest()[:12]}.js"


async def _library(request: Request) -> Response:
    return Response(await run_in_threadpool(_packed_library), media_type="text/javascript", headers=_PACKED)


async def _drawing_script(request: Request) -> Response:
    return Response(gzip.compress(_OURS.read_bytes()), media_type="text/javascript", headers=_PACKED)


@functools.cache
def _packed_library() -> bytes:
    from plotly.offline import get_plotlyjs

    return gzip.compress(get_plotlyjs().encode(), compresslevel=6)
