"""Plotly's script, which draws plots in a browser: served beside Streamlit, packed once."""

import functools
import gzip

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

__all__ = ["plotly_path", "plotly_route"]

_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",  # its address has its version
    "Content-Encoding": "gzip",
}


def plotly_route() -> Route:
    """Return the route of the script, which is for everybody: nothing of the desk is in it."""
    return Route(plotly_path(), _answer)


@functools.cache
def plotly_path() -> str:
    """Return the path of the script, of the version that is installed."""
    from plotly.offline import get_plotlyjs_version

    return f"/plots/plotly-{get_plotlyjs_version()}.js"


async def _answer(request: Request) -> Response:
    return Response(await run_in_threadpool(_packed), media_type="text/javascript", headers=_HEADERS)


@functools.cache
def _packed() -> bytes:
    from plotly.offline import get_plotlyjs

    return gzip.compress(get_plotlyjs().encode(), compresslevel=6)
