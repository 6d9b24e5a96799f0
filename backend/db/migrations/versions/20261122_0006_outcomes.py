"""All outcomes, a merchant's own codes, corrections."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SEPARATOR = "\n-- ;;\n"
"""Between statements: function bodies contain semicolons."""


def upgrade() -> None:
    """Add tables, columns and indexes; nothing that runs today reads what goes away."""
    op.execute("set local lock_timeout = '5s'")
    script = Path(__file__).with_name("20261122_0006_outcomes.sql").read_text(encoding="utf-8")
    for statement in script.split(SEPARATOR):
        op.get_bind().exec_driver_sql(statement)
