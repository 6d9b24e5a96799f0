"""The three database roles, as SQL that any superuser can run again and again.

- `huifang_owner` logs in to migrate; it owns the database and every table.
- `huifang_app` logs in to serve; it owns nothing, so row-level security binds it.
- `huifang_definer` never logs in; it owns the few SECURITY DEFINER functions, is no superuser and not above row-level
  security.
"""

import re
from collections.abc import Mapping
from typing import Final

OWNER: Final = "huifang_owner"
APP: Final = "huifang_app"
DEFINER: Final = "huifang_definer"
LOGIN_ROLES: Final = (OWNER, APP)

_DATABASE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LEAST: Final = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def quoted(database: str) -> str:
    """The database name as an SQL identifier. Raises ValueError for a name that needs more than quoting."""
    if not _DATABASE_NAME.fullmatch(database):
        raise ValueError(f"a database name is lower-case letters, digits and _: {database!r}")
    return f'"{database}"'


def bootstrap_statements(database: str, passwords: Mapping[str, str] | None = None) -> list[str]:
    """Single statements that make roles and database fit for migrations; run in order, as superuser, in `database`.

    Idempotent: each run takes back what a role should not have had. `passwords` maps a login role to its password;
    without it nothing is said about passwords (private socket).
    """
    name = quoted(database)
    return [
        *(_create_role(role) for role in (*LOGIN_ROLES, DEFINER)),
        *(f"ALTER ROLE {role} LOGIN {_LEAST}" for role in LOGIN_ROLES),
        f"ALTER ROLE {DEFINER} NOLOGIN {_LEAST}",
        *(_set_password(role, secret) for role, secret in (passwords or {}).items()),
        f"GRANT {DEFINER} TO {OWNER}",
        f"ALTER DATABASE {name} OWNER TO {OWNER}",
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {APP}",
        "ALTER SCHEMA public OWNER TO pg_database_owner",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {APP}",
        # PostgreSQL asks the new owner of a function for CREATE on its schema.
        f"GRANT USAGE, CREATE ON SCHEMA public TO {DEFINER}",
    ]


def _create_role(role: str) -> str:
    """Creates the role if there is none; safe when two installers race."""
    return (
        "DO $$ BEGIN "
        f"IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role}; END IF; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )


def _set_password(role: str, secret: str) -> str:
    if role not in LOGIN_ROLES:
        raise ValueError(f"{role} does not log in")
    if "\x00" in secret or not secret:
        raise ValueError(f"the password of {role} is empty or contains a NUL")
    escaped = secret.replace("\\", "\\\\").replace("'", "''")
    return f"ALTER ROLE {role} PASSWORD E'{escaped}'"
