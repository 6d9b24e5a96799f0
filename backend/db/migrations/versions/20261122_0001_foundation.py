"""The schema as it was first released."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEPARATOR = "\n-- ;;\n"
"""Between statements: function bodies contain semicolons."""


def upgrade() -> None:
    """Build everything in an empty database."""
    op.execute("set local lock_timeout = '5s'")
    script = Path(__file__).with_name("20261122_0001_foundation.sql").read_text(encoding="utf-8")
    for statement in script.split(SEPARATOR):
        op.get_bind().exec_driver_sql(statement)
