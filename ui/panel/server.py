"""The panel as a web application: Streamlit behind the guard, with the sign-in beside it."""

import logging
import sys
from pathlib import Path

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ui.errors import SettingError
from ui.panel import streamlit_script
from ui.panel.discovery import discovered_pages
from ui.panel.guard import Guard
from ui.panel.panel_settings import PanelSettings
from ui.panel.plotly_script import plotly_route
from ui.panel.sign_in import sign_in_routes

__all__ = ["application", "main"]

_LARGEST_MESSAGE = 8 * 2**20
_END_S = 3


def application(settings: PanelSettings) -> st.App:
    """Return the panel.

    Parameters
    ----------
    settings : PanelSettings
        Which desk it shows, and whether there is TLS.

    Returns
    -------
    streamlit.App
        An ASGI application; one a process.
    """
    discovered_pages()  # a page that is none is told now
    routes = [Route("/health", _health), *sign_in_routes(settings), plotly_route()]
    guard = Middleware(Guard, public_url=settings.public_url)
    return st.App(Path(streamlit_script.__file__), routes=routes, middleware=[guard])


async def _health(request: Request) -> JSONResponse:
    """Say that the panel answers; whether the desk does is not its business."""
    return JSONResponse({"status": "ok"})


def main() -> int:
    """Serve the panel until it is told to end.

    Returns
    -------
    int
        Status of the process: 2 if a setting cannot be meant.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for every request otherwise
    try:
        settings = PanelSettings.of()
        served = application(settings)
    except SettingError as error:
        sys.stderr.write(f"evoq: {error}\n")
        return 2
    logging.getLogger("evoq.panel").info("the panel is at %s", settings.url)
    uvicorn.run(
        served,
        host=settings.host,
        port=settings.port,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        log_level="warning",
        log_config=None,
        access_log=False,
        server_header=False,
        ws_max_size=_LARGEST_MESSAGE,
        timeout_graceful_shutdown=_END_S,
    )
    return 0
