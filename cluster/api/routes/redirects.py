"""The addresses that people type or have kept: all of them lead to the control panel."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse
from starlette.status import HTTP_307_TEMPORARY_REDIRECT

from cluster.api.context import Context

router = APIRouter(tags=["redirects"])
OPEN = True


@router.get("/", status_code=HTTP_307_TEMPORARY_REDIRECT, response_class=RedirectResponse)
@router.get("/quantitative.html", status_code=HTTP_307_TEMPORARY_REDIRECT, response_class=RedirectResponse)
@router.get("/arbitrage.html", status_code=HTTP_307_TEMPORARY_REDIRECT, response_class=RedirectResponse)
@router.get("/operations-log.html", status_code=HTTP_307_TEMPORARY_REDIRECT, response_class=RedirectResponse)
def to_panel(context: Context) -> RedirectResponse:
    """Lead to the control panel."""
    return RedirectResponse(f"{context.settings.panel_url}/", HTTP_307_TEMPORARY_REDIRECT)
