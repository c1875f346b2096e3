"""The names of the panel's cookies."""

__all__ = ["FORM_COOKIE", "SESSION_COOKIE"]

SESSION_COOKIE = "evoq_session"
"""Holds the session's token; no script of a page can read it."""
FORM_COOKIE = "evoq_form"
"""Holds what the forms of the sign-in must repeat."""
