"""References of receipts, lines and visits: proved a statement at a time instead of a row at a time."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SEPARATOR = "\n-- ;;\n"
"""Between statements: function bodies contain semicolons."""


def upgrade() -> None:
    """Give up seven row-by-row keys for four triggers a table; the rows that are there were checked when they were written."""
    op.execute("set local lock_timeout = '5s'")
    script = Path(__file__).with_name("20261122_0002_import_speed.sql").read_text(encoding="utf-8")
    for statement in script.split(SEPARATOR):
        op.get_bind().exec_driver_sql(statement)
