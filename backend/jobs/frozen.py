"""Frees what a frozen worker holds where PostgreSQL cannot see that it is frozen.

A worker that freezes in a transaction is idle in it, and the server ends it after five seconds (`idle_in_transaction_session_timeout`). One that freezes while
the server is sending it an answer that does not fit on the way is not idle: the server waits for ever to go on sending, no timeout of its own is looked at
meanwhile, and every lock of the transaction stays. Only another session can end it, so each worker looks for such sessions of other workers.
"""

from collections.abc import Mapping
from datetime import datetime
from time import monotonic
from typing import Final

from sqlalchemy import text

from backend.db.units import Units
from backend.observability import logs

PATIENCE_S: float = 5.0
"""A worker that has taken nothing of an answer for so long is frozen: as long as it may idle in a transaction."""

Stuck = Mapping[tuple[int, datetime], float]
"""Session and the beginning of its statement → since when it was seen sending, on this process's clock."""

_SENDING: Final = text("""
    select pid, query_start from pg_stat_activity
    where datname = current_database() and application_name = 'huifang-worker' and pid <> pg_backend_pid()
      and state = 'active' and wait_event = 'ClientWrite'
""")
_END: Final = text("""
    select pg_terminate_backend(pid) from pg_stat_activity
    where pid = :pid and query_start = :began and state = 'active' and wait_event = 'ClientWrite'
""")


class Frozen:
    """Remembers which sessions of workers are sending, and ends those that do not get on."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._seen: Stuck = {}

    async def free(self) -> int:
        """Look once, and end the sessions that have been sending one answer for longer than a living worker takes; returns how many."""
        now = monotonic()
        async with self._units.nameless() as session:
            found = [(row.pid, row.query_start) for row in await session.execute(_SENDING)]
            self._seen = {one: self._seen.get(one, now) for one in found}
            late = [one for one, since in self._seen.items() if now - since >= PATIENCE_S]
            for pid, began in late:
                await session.execute(_END, {"pid": pid, "began": began})
                logs.warning("worker.session.ended", pid=pid, stuck_s=round(now - self._seen[pid, began]))
        return len(late)
