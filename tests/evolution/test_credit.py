import pytest

from evolution.credit import Credit

SHARES = {"a": 0.5, "b": 0.3, "c": 0.2, "unused": 0.0}


def test_credit_begins_with_the_given_shares():
    assert Credit(SHARES, 0.1, 0.3).shares() == pytest.approx({"a": 0.5, "b": 0.3, "c": 0.2})


def test_credit_without_a_rate_never_changes_the_shares():
    credit = Credit(SHARES, 0.0, 0.3)
    credit.reward("a", 1.0)
    credit.reward("b", 0.0)
    assert credit.shares() == {"a": 0.5, "b": 0.3, "c": 0.2}


def test_credit_gives_more_to_what_pays_and_never_less_than_the_floor():
    credit = Credit(SHARES, 0.2, 0.3)
    for _ in range(500):
        credit.reward("a", 0.0)
        credit.reward("b", 1.0)
        credit.reward("c", 0.0)
        credit.reward("initial", 1.0)
    shares = credit.shares()
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["b"] == pytest.approx(0.3 * 0.3 + 0.7)
    assert shares["a"] == pytest.approx(0.3 * 0.5)


def test_credit_where_nobody_pays_keeps_the_given_shares():
    credit = Credit(SHARES, 1.0, 0.3)
    for name in "abc":
        credit.reward(name, 0.0)
    assert credit.shares() == {"a": 0.5, "b": 0.3, "c": 0.2}
