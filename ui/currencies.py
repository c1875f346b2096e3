"""The two currencies of a market.

>>> currencies("BTC/USDT:USDT"), currencies("BTC/USDT")
(('BTC', 'USDT'), ('BTC', 'USDT'))
"""

__all__ = ["currencies"]


def currencies(symbol: str) -> tuple[str, str]:
    """Return what is traded, and what it is paid with.

    Parameters
    ----------
    symbol : str
        BASE/QUOTE, or BASE/QUOTE:SETTLED of a perpetual.

    Returns
    -------
    tuple of str
        Base and quote currency; the quote is empty where the symbol names none.
    """
    base, _, rest = symbol.partition("/")
    return base, rest.partition(":")[0]
