"""The table of what workers say of themselves."""

from datetime import datetime

from tasks.kernel.columns import Row, index, instant, text


class Heartbeat(Row, table=True):
    """One loop of one worker process, and when it last had an answer to its look, on the database's own clock.

    It belongs to no merchant and says nothing of one, so it has no policy, as the clock has none: whoever asks whether anybody works asks before a merchant
    is known, and a worker with nothing to do beats too. It is in PostgreSQL and not in Valkey because what is asked is whether workers reach the queue, and
    PostgreSQL is the queue: a process that runs and cannot reach it is as good as none. `worker` is host, process and a mark of its start.
    """

    worker: str = text(primary_key=True)
    loop: str = text(primary_key=True)
    seen_at: datetime = instant()

    __table_args__ = (index("ix_heartbeat_loop", "loop", "seen_at"),)
