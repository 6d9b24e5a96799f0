"""The copies of scripts."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, blob, index, instant, key, refers, text


class ScriptCopy(Row, table=True):
    """An employee copied a script: which variant, and the exact text, sealed under the customer's salt."""

    __tablename__ = "script_copy"

    merchant_id: UUID = key()
    id: UUID = key()
    task_id: UUID
    staff_id: UUID
    customer_id: UUID
    variant: str = text()
    edited: bool = Field(default=False)
    sealed: bytes = blob()
    copied_at: datetime = instant()

    __table_args__ = (
        refers("task_id", "task"),
        refers("staff_id", "staff"),
        refers("customer_id", "customer"),
        index("ix_script_copy_task", "task_id", "copied_at"),
    )
