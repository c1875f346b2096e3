"""Events as they happen: what comes, what was missed, and a push that is gone and comes back."""

import logging
import queue
import threading
import traceback

import pytest
from pushed_desk import Push
from served_desk import PATIENCE_S, free_port, http_answer, listening

import ui


@pytest.fixture
def push(tmp_path):
    with Push(tmp_path) as push:
        yield push


def stream_of(push, types=("strategy_update", "alert"), token=None, **options):
    desk = ui.connect("http://127.0.0.1:1", token or push.token, push_url=push.url)
    return desk.events(types, **({"patience_s": PATIENCE_S} | options))


def told(stream):
    """Return what comes next, as short as can be."""
    found = stream.next(PATIENCE_S)
    assert found is not None
    return found.type, found.dropped if isinstance(found, ui.Gap) else found.data["id"]


def test_last_states_come_first_and_then_what_happens(push):
    push.publish("strategy_update", id="a")
    push.publish("strategy_update", id="b")
    push.publish("system_metrics", cpu_pct=1.0)
    with stream_of(push) as stream:
        assert [told(stream) for _ in range(2)] == [("strategy_update", "a"), ("strategy_update", "b")]
        push.publish("alert", id=7)
        event = next(stream)
        assert isinstance(event, ui.Event)
        assert (event.type, event.seq, event.data) == ("alert", 1, {"id": 7})
        assert event.ts > 1_700_000_000_000
        assert stream.next(0.05) is None


@pytest.mark.parametrize("types", [None, "alert", ["alert", "alert"]])
def test_types_may_be_all_or_one(push, types):
    with stream_of(push, types) as stream:
        assert stream.next(0.05) is None
        push.publish("alert", id=7)
        assert told(stream) == ("alert", 7)


def test_connection_that_is_cut_is_made_again_and_tells_only_what_is_new(push):
    push.publish("strategy_update", id="a")
    with stream_of(push) as stream:
        assert told(stream) == ("strategy_update", "a")
        push.cut()
        for name in ("b", "c", "b"):
            push.publish("strategy_update", id=name)
        found = [told(stream) for _ in range(3)]
        assert sorted(found[-2:]) == [("strategy_update", "b"), ("strategy_update", "c")]
        push.publish("strategy_update", id="d")
        while found[-1] != ("strategy_update", "d"):
            found.append(told(stream))
        assert ("strategy_update", "a") not in found


def test_push_that_begins_anew_is_told_as_a_gap(push):
    push.publish("strategy_update", id="a")
    with stream_of(push) as stream:
        assert told(stream) == ("strategy_update", "a")
        push.stop()
        assert stream.next(0.5) is None
        push.start()
        assert [told(stream) for _ in range(2)] == [("strategy_update", None), ("alert", None)]
        push.publish("strategy_update", id="e")
        assert told(stream) == ("strategy_update", "e")


def test_stream_gives_up_when_its_patience_ends(push):
    with stream_of(push, patience_s=0.5) as stream:
        assert stream.next(0.05) is None
        push.stop()
        with pytest.raises(ui.UnavailableError, match="evoq up"):
            next(stream)


def test_stream_that_is_closed_by_another_thread_ends(push):
    stream = stream_of(push)
    found = queue.SimpleQueue()

    def listen():
        for event in stream:
            found.put(event)

    thread = threading.Thread(target=listen)
    thread.start()
    push.publish("alert", id=1)
    found.get(timeout=PATIENCE_S)
    stream.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert stream.next(1.0) is None


def test_unknown_type_and_none_are_refused(push):
    with stream_of(push, ["weather"]) as stream, pytest.raises(ui.InvalidValueError, match=r"strategy_update.*weather"):
        next(stream)
    with pytest.raises(ui.InvalidValueError, match="one or more"):
        stream_of(push, [])


def test_wrong_token_is_refused_and_in_no_text(push, caplog):
    caplog.set_level(logging.DEBUG)
    token = "a-token-that-nobody-may-see"
    with stream_of(push, token=token) as stream, pytest.raises(ui.UnauthorizedError) as caught:
        next(stream)
    with stream_of(push) as stream:
        assert stream.next(0.05) is None
    shown = [caplog.text, repr(stream), "".join(traceback.format_exception(caught.value)), repr(vars(caught.value))]
    assert not any(secret in text for text in shown for secret in (token, push.token))


def test_something_else_that_answers_is_told(push):
    with listening(lambda connection: connection.sendall(http_answer("200 OK", b"hello"))) as (url, _):
        desk = ui.connect(url, push.token, push_url=url.replace("http", "ws"))
        with desk.events(patience_s=0.3) as stream, pytest.raises(ui.ClientError):
            next(stream)


def test_nobody_there_is_told(push):
    desk = ui.connect(token=push.token, push_url=f"ws://127.0.0.1:{free_port()}")
    with desk.events(patience_s=0.0) as stream, pytest.raises(ui.UnavailableError, match="no push answers"):
        next(stream)
