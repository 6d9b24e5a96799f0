"""Finds the place in a JSON body that is nested too deep to decode, without recursion, so that the problem can name it."""

import re
from typing import Final

DEEPEST: Final = 64
"""No body of ours is half as deep."""
NAMED: Final = 8
"""Names of the path that are told."""
_TOKENS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]')
_NAME: Final = re.compile(rb'"([A-Za-z][A-Za-z0-9_-]{0,63})"')


def deep_place(body: bytes) -> str:
    """Return the JSON path to the first value below `DEEPEST` levels, its first names only; empty when there is none. Reads no further than that."""
    path: list[str] = []
    name = ""
    for found in _TOKENS.finditer(body):
        token = found[0]
        if token in (b"{", b"["):
            path.append(name)
            name = "[0]" if token == b"[" else ""
            if len(path) > DEEPEST:
                return _told(path)
        elif token in (b"}", b"]"):
            name = path.pop() if path else ""
        elif token.startswith(b'"'):
            named = _NAME.fullmatch(token)
            name = named[1].decode() if named else "…"
    return ""


def _told(path: list[str]) -> str:
    """Join the first names, an index straight after the name before it."""
    parts = [part for part in path if part][:NAMED]
    return ".".join(parts).replace(".[", "[")
