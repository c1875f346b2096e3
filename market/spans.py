"""Half-open spans of time, `(start, end)` in ms UTC: what of a history has been asked for, and what has not."""

from collections.abc import Iterable

Span = tuple[int, int]


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the times that lie in any of some spans.

    Parameters
    ----------
    spans : iterable of (int, int)
        In any order; they may overlap, touch, or be empty.

    Returns
    -------
    tuple of (int, int)
        Sorted, apart from each other, none empty.
    """
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def without(span: Span, spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the times of one span that lie in none of the others.

    Parameters
    ----------
    span : (int, int)
        What to take from.
    spans : iterable of (int, int)
        What to take away.

    Returns
    -------
    tuple of (int, int)
        Sorted, apart from each other, none empty.
    """
    rest: list[Span] = []
    start, end = span
    for taken_start, taken_end in union(spans):
        if start < min(taken_start, end):
            rest.append((start, min(taken_start, end)))
        start = max(start, taken_end)
    if start < end:
        rest.append((start, end))
    return tuple(rest)
