"""What the panel raises of its own."""

__all__ = ["PanelError"]


class PanelError(ValueError):
    """A page, a key of the catalogue or a setting is not as the panel needs it; the message says how it must be."""
