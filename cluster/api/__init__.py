"""The HTTP API: what the desk knows and can be told, answered to whoever shows a token.

    application = create_app(ApiContext(...))

One file a group of routes in `cluster.api.routes`; a file that is added there is found, and that is all there is to
adding routes. Every answer follows the same rules: money as decimal text, ratios as numbers, what is absent as null,
times as integer ms UTC, lists as `{items, next_cursor, total, as_of}`, and every refusal as problem+json with a `code`.

========================  =========================================================================
`application`             the application, put together
`context`                 what a route may use: repositories, candles, the clock
`problems`                every refusal, and what our errors become
`reception`               who calls, how often, and how much they send
`heavy_work`              answers that take long, computed once and away from the requests
`deployment`              the Ray Serve deployment `Api`
`python -m cluster.api`   deploys it and watches over it
========================  =========================================================================
"""

from cluster.api.application import create_app
from cluster.api.context import ApiContext

__all__ = ["ApiContext", "create_app"]
