"""Tables of import runs and the rows they refused."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tasks.kernel.columns import Row, blob, document, instant, key, of_merchant, one_of, refers, text


class ImportState(StrEnum):
    """Where an import stands."""

    RUNNING = "running"
    """Chunks are being committed."""
    DONE = "done"
    """Every row was taken or refused."""
    FAILED = "failed"
    """Stopped; what was committed stays, and the file can be sent again."""


class ImportRun(Row, table=True):
    """One file read once."""

    __tablename__ = "import_run"

    merchant_id: UUID = key()
    id: UUID = key()
    kind: str = text()
    digest: bytes = blob()
    state: str = text(default=ImportState.RUNNING)
    counts: dict[str, int] = document(default_factory=dict)
    started_at: datetime = instant()
    finished_at: datetime | None = instant(default=None)

    __table_args__ = (of_merchant(), one_of("state", ImportState))


class ImportReject(Row, table=True):
    """A row that was not taken: its number in the file, the column, the reason code, and the row itself, sealed."""

    __tablename__ = "import_reject"

    merchant_id: UUID = key()
    run_id: UUID = key()
    row_no: int = key()
    field: str = text(default="")
    reason: str = text()
    sealed: bytes = blob()
    salt: bytes = blob()

    __table_args__ = (refers("run_id", "import_run", cascade=True),)
