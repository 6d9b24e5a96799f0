"""A running deployment in one value: servers, keys, units of work, bell.

Promises: whoever gets a `Runtime` has servers that answer, a schema this code knows, a database role that row-level
security binds, and a master key; otherwise one sentence says what to do.
"""

from backend.runtime.fitness import Unfit
from backend.runtime.opening import Runtime, open_runtime, open_servers

__all__ = ["Runtime", "Unfit", "open_runtime", "open_servers"]
