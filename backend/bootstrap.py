"""Roles on a PostgreSQL server of the user's own, made once by its superuser before the first migration."""

from urllib.parse import unquote, urlsplit

import asyncpg

from backend.db.roles import LOGIN_ROLES, bootstrap_statements
from backend.settings import Settings, SettingsError, variable


async def bootstrap(settings: Settings) -> list[str]:
    """Make or mend the roles in the database of `HUIFANG_BOOTSTRAP_URL`; answers the roles that got a password.

    Each login role gets the password of the URL that names it; a URL with another login is left alone. Idempotent.
    Raises `SettingsError` without a bootstrap URL, asyncpg's errors when the server refuses.
    """
    if settings.bootstrap_url is None:
        raise SettingsError(variable("bootstrap_url"), "needed to create the roles")
    passwords = _passwords(settings.database_url, settings.migration_url)
    connection = await asyncpg.connect(settings.bootstrap_url, timeout=30)
    try:
        database = await connection.fetchval("SELECT current_database()")
        async with connection.transaction():
            for statement in bootstrap_statements(database, passwords):
                await connection.execute(statement)
    finally:
        await connection.close()
    return sorted(passwords)


def _passwords(*urls: str | None) -> dict[str, str]:
    parts = [urlsplit(url) for url in urls if url]
    return {part.username: unquote(part.password) for part in parts if part.username in LOGIN_ROLES and part.password}
