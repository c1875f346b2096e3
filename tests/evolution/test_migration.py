import pytest

from evolution import Dimension, Optimizer, Settings, Space, Species

SPACE = Space([Dimension("x", 0, 1), Dimension("y", 0, 1)])
MARKETS = ("BTC/USDT", "ETH/USDT")
MIGRATING = Settings(shares={"mutation": 0.5, "migrant": 0.5}, proposals=1)


@pytest.fixture
def evolved():
    """Return what evolves species and returns all candidates, the scores growing with x."""

    def run(spaces):
        optimizer, born = Optimizer(spaces, population=40, seed=2, settings=MIGRATING), []
        while optimizer.evaluations < 400:
            candidates = optimizer.ask()
            born += candidates
            optimizer.tell(candidates, [candidate.genome[0] for candidate in candidates])
        return born

    return run


def test_migrants_are_copies_of_members_of_the_other_market(evolved):
    born = evolved({Species("momentum", market, "1h"): SPACE for market in MARKETS})
    migrants = [candidate for candidate in born if candidate.operator == "migrant"]
    assert len(migrants) >= 5  # a copy of a copy is a duplicate, and drawn again
    for migrant in migrants:
        assert migrant.parents == ()  # parents are of the same species
        assert any(each.genome == migrant.genome and each.species != migrant.species for each in born)


@pytest.mark.parametrize(
    "spaces",
    [
        {Species("momentum", "BTC/USDT", "1h"): SPACE},
        {Species("momentum", "BTC/USDT", "1h"): SPACE, Species("breakout", "ETH/USDT", "1h"): SPACE},
    ],
    ids=["alone", "another type"],
)
def test_without_another_market_of_the_type_immigrants_come_instead(evolved, spaces):
    assert {candidate.operator for candidate in evolved(spaces)} == {"initial", "mutation", "immigrant"}
