"""Reflection: how a gene that left the unit interval comes back."""

__all__ = ["reflect"]


def reflect(gene: float) -> float:
    """Return `gene` mirrored at 0 and 1 until it lies between them.

    Clipping would pile children up on the bounds; mirroring keeps their distances.

    Parameters
    ----------
    gene : float
        Any finite number.

    Returns
    -------
    float
        In [0, 1]; the gene itself when it already is.
    """
    if 0.0 <= gene <= 1.0:
        return gene
    folded = abs(gene) % 2.0
    return 2.0 - folded if folded > 1.0 else folded
