"""Connections of the app role."""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

WORKER_IDLE = "5s"
"""A frozen worker keeps its row locks; the server ends its transaction after this (architecture.md)."""
TEMP_BUFFERS = "64MB"
"""A chunk's working table is rewritten a dozen times and must not be written to disk on the way; nothing is taken before it is used."""


def driver_url(url: str) -> URL:
    """Return the URL with the asyncpg driver; takes what other tools write (`postgres://`, `postgresql://`)."""
    return make_url(url.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql+asyncpg")


def open_engine(url: str, *, pool_size: int = 10, worker: bool = False, as_app: bool = True) -> AsyncEngine:
    """Return an engine whose connections act as `huifang_app` even if the login is a superuser, so that row-level security holds.

    `worker` sessions are ended by the server when idle inside a transaction for five seconds.
    """
    settings = {"timezone": "UTC", "application_name": "huifang-worker" if worker else "huifang"}
    settings["temp_buffers"] = TEMP_BUFFERS
    if as_app:
        settings["role"] = "huifang_app"
    if worker:
        settings["idle_in_transaction_session_timeout"] = WORKER_IDLE
    return create_async_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        pool_timeout=5,
        hide_parameters=True,  # a bind may be a name or a phone; errors are logged
        connect_args={"server_settings": settings, "timeout": 5},
    )
