"""Routes, one file a group: each has a `router`, and is found by being here.

A route asks for a token, and for the role operate unless it only reads, without saying so; a module whose routes are
open to everybody says `OPEN = True`.
"""
