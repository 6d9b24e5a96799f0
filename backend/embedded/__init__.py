"""A private PostgreSQL and a private Valkey under the home folder, for a deployment that gives no URLs.

`start(home)` promises two running servers that only this machine account can reach, whatever happened before: nothing
there yet, servers already running for another process, servers left over by a killed process, or a crashed PostgreSQL
that must recover. The first process starts them, the last one out stops them. It is the same stack as an installed
one, in wheels: no second dialect, no fake queue.
"""

from backend.embedded.errors import EmbeddedError
from backend.embedded.stack import Handle, Servers, start, stop

__all__ = ["EmbeddedError", "Handle", "Servers", "start", "stop"]
