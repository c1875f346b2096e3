"""Commands of `evoq`: each module here is one, named like it, and defines ``command``."""
