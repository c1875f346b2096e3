"""The OpenAPI document is true: requests made up from it never fail here, and every answer has the form it promises."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cluster.api.token_bucket import Rate

ROUTES = [
    "GET /health",
    "GET /metrics",
    "GET /",
    "GET /quantitative.html",
    "GET /arbitrage.html",
    "GET /operations-log.html",
    "GET /api/quantitative/strategies",
    "GET /api/quantitative/overview",
    "GET /api/quantitative/strategies/map",
    "GET /api/quantitative/strategies/facets",
    "GET /api/quantitative/strategies/{id}",
    "GET /api/quantitative/strategies/{id}/equity",
    "GET /api/quantitative/strategies/{id}/trades",
    "GET /api/quantitative/strategies/{id}/chart",
    "GET /api/quantitative/strategies/{id}/returns",
    "GET /api/quantitative/strategies/{id}/lineage",
    "GET /api/quantitative/strategies/{id}/neighbourhood",
    "POST /api/quantitative/strategies/{id}/commands",
    "POST /api/quantitative/strategies/commands",
    "GET /api/quantitative/system-status",
    "POST /api/quantitative/system-control",
    "GET /api/quantitative/commands/{id}",
    "GET /api/quantitative/evolution-log",
    "GET /api/quantitative/evolution/populations",
    "GET /api/quantitative/evolution/archive",
    "GET /api/quantitative/evolution/leaders",
    "GET /api/quantitative/evolution/luck",
    "GET /api/quantitative/runs",
    "GET /api/quantitative/config",
    "PUT /api/quantitative/config",
    "GET /api/market/candles",
    "GET /api/market/feed",
    "GET /api/market/tickers",
    "GET /api/quantitative/config/history",
    "GET /api/system/cluster",
    "GET /api/system/history",
    "GET /api/operations-log",
    "POST /api/sessions",
    "GET /api/sessions/current",
    "DELETE /api/sessions/current",
    "GET /api/alerts",
    "POST /api/alerts/{id}/ack",
]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MANY = Rate(1e9, 10**9)


@pytest.fixture(scope="module")
def application(api_desk):
    return api_desk.application(with_token=MANY, without_token=MANY)


@pytest.fixture(scope="module")
def document(application):
    return application.openapi()


@pytest.fixture(scope="module")
def api_schema(application):
    yield schemathesis.openapi.from_asgi("/openapi.json", application)
    shutdown_lifespans()


OPEN = [name for name in ROUTES if name.endswith((".html", "/health", " /", "/sessions"))]
ASKED = [(name, mode) for name in ROUTES for mode in GenerationMode if mode.is_positive or name not in OPEN]


@pytest.mark.parametrize(("route", "mode"), ASKED)
def test_requests_made_up_from_the_document_are_answered_as_it_says(api_schema, api_desk, route, mode):
    """Half of the ids are made up, half are those of strategies that are there."""
    method, path = route.split()
    headers = {"Authorization": f"Bearer {api_desk.tokens['operate']}"}

    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=api_schema[path][method].as_strategy(generation_mode=mode))
    def ask(case):
        names = case.path_parameters or {}
        if "strategies" in path and "id" in names and len(str(names["id"])) % 2:
            names["id"] = api_desk.ids[len(str(names["id"])) % len(api_desk.ids)]
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()


def operations(document):
    return {f"{method.upper()} {path}": one for path, item in document["paths"].items() for method, one in item.items()}


def test_document_has_every_route_that_is_there_and_no_other(document):
    assert sorted(operations(document)) == sorted(ROUTES)


def test_document_describes_every_operation_and_its_refusals(document):
    for name, operation in operations(document).items():
        assert operation.get("summary"), name
        assert operation.get("description"), name
        if operation["tags"] == ["redirects"]:
            continue
        assert "application/problem+json" in operation["responses"]["4XX"]["content"], name


def test_document_asks_for_a_token_everywhere_but_on_open_routes(document):
    open_routes = {name for name, operation in operations(document).items() if not operation.get("security")}
    assert open_routes == set(OPEN)


def test_document_has_examples_for_what_is_sent(document):
    for name, operation in operations(document).items():
        body = operation.get("requestBody")
        if body is None:
            continue
        content = body["content"]["application/json"]
        reference = content["schema"]["$ref"].rpartition("/")[2]
        shown = document["components"]["schemas"][reference]
        assert "examples" in shown or "examples" in content, name


def test_document_has_an_example_that_fits_for_every_answer(document):
    for name, operation in operations(document).items():
        for status, answer in operation["responses"].items():
            content = answer.get("content", {}).get("application/json")
            if content is None or not status.startswith("2"):
                continue
            schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            assert schema.get("examples"), name
            whole = Draft202012Validator({**schema, "components": document["components"]})
            for example in schema["examples"]:
                assert [error.message for error in whole.iter_errors(example)] == [], name


def test_document_says_of_every_best_and_median_score_whether_it_is_fitness_or_the_score_on_all_candles(document):
    fitness, on_all_candles = set(), set()
    for kind, schema in document["components"]["schemas"].items():
        for name in {"best_scs", "median_scs"} & set(schema.get("properties", {})):
            said = schema["properties"][name].get("description", "")
            assert ("fitness" in said) != ("on all candles" in said), (kind, name, said)
            (fitness if "fitness" in said else on_all_candles).add(kind)
    assert {"Evolution", "EvolutionLogRow", "Generation"} <= fitness
    assert {"TypeCounts", "RunAnswer"} <= on_all_candles
