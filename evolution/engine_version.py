"""The version of the algorithm: part of every random key and of every run's identity."""

__all__ = ["ENGINE_VERSION"]

ENGINE_VERSION = 1
"""Raise it with every change after which the same seed gives another population."""
