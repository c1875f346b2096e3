"""Credit: which variation operators have paid lately, and how often each is used therefore."""

from collections.abc import Mapping

__all__ = ["Credit"]


class Credit:
    """Adaptive shares of the operators of one species, by probability matching.

    Each operator has a value, an exponential average of its children's rewards. Its share is a floor, and the rest in
    proportion to its value times its share in the settings.

    Parameters
    ----------
    shares : mapping of str to float
        Shares to begin with; they sum to 1.
    rate : float
        Weight of the newest reward; 0 keeps the shares as they are.
    floor : float
        Share of the children that goes to the operators as `shares` says, whatever they have earned.

    References
    ----------
    Thierens, D. (2005). "An Adaptive Pursuit Strategy for Allocating Operator Probabilities". Proceedings of GECCO
    2005: probability matching and its rivals.
    """

    def __init__(self, shares: Mapping[str, float], rate: float, floor: float) -> None:
        self._given = {name: share for name, share in shares.items() if share > 0.0}
        self._rate = rate
        self._floor = floor
        self.values: dict[str, float] = dict.fromkeys(self._given, 1.0)

    def reward(self, operator: str, reward: float) -> None:
        """Credit an operator with what became of a child.

        Parameters
        ----------
        operator : str
            What made the child; initial samples earn nothing for anybody.
        reward : float
            0..1.
        """
        if operator in self.values:
            self.values[operator] += self._rate * (reward - self.values[operator])

    def shares(self) -> dict[str, float]:
        """Return the present shares.

        Returns
        -------
        dict of str to float
            By operator, in the order of the settings; they sum to 1 but for rounding.
        """
        earned = {name: share * self.values[name] for name, share in self._given.items()}
        total = 0.0
        for value in earned.values():
            total += value
        if not self._rate or not total:
            return dict(self._given)
        return {
            name: self._floor * share + (1.0 - self._floor) * earned[name] / total
            for name, share in self._given.items()
        }
