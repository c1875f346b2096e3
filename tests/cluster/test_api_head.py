"""HEAD is answered on every route as GET is, without the body."""

import pytest

from cluster.api.reception import SECURITY_HEADERS


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client() as client:
        yield client


def reading_routes(api_desk):
    document = api_desk.application().openapi()
    return [path.replace("{id}", api_desk.ids[0]) for path, item in document["paths"].items() if "get" in item]


def test_head_is_answered_as_get_without_a_body_on_every_route(client, api_desk):
    routes = reading_routes(api_desk)
    assert "/health" in routes
    for path in routes:
        read, head = client.get(path), client.request("HEAD", path)
        assert head.status_code == read.status_code, path
        assert head.content == b"", path
        assert set(head.headers) == set(read.headers), path
        assert head.headers.get("content-type") == read.headers.get("content-type"), path
        assert head.headers.get("etag") == read.headers.get("etag"), path


def test_head_tells_how_long_the_answer_to_get_is(client):
    path = "/api/quantitative/config"
    assert client.request("HEAD", path).headers["content-length"] == str(len(client.get(path).content))


def test_head_needs_a_token_where_get_needs_one(api_desk):
    with api_desk.client(None) as stranger:
        answer = stranger.request("HEAD", "/api/quantitative/strategies")
    assert (answer.status_code, answer.content) == (401, b"")
    assert all(answer.headers[name] == value for name, value in SECURITY_HEADERS.items())


def test_head_of_what_is_only_told_is_refused_and_does_nothing(client):
    answer = client.request("HEAD", "/api/quantitative/system-control")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "POST", b"")
