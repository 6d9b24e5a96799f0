"""The private PostgreSQL's configuration, written before every start so that no default decides.

Durability is never traded: an acknowledged write survives a crash of the server, of the process and of the machine.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

# The folder of the socket is closed to every other account: who can reach the socket may be any role.
HBA: Final = "local all all trust\n"

CONFIGURATION: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Reached through the socket folder only.
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        # Nothing acknowledged is ever lost.
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        # A small machine with an SSD; checkpoints are rare enough for million-row runs.
        "shared_buffers": "256MB",
        "effective_cache_size": "1GB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "dynamic_shared_memory_type": "posix",
        "min_wal_size": "256MB",
        "max_wal_size": "4GB",
        "wal_compression": "on",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "64",
        # Short queries: compiling them costs more than it saves.
        "jit": "off",
        "TimeZone": "UTC",
        "log_timezone": "UTC",
        "datestyle": "iso, ymd",
        "lc_messages": "C",
        "default_text_search_config": "pg_catalog.simple",
        # Values and keys of rows stay out of the log: they may be somebody's.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length_on_error": "0",
        "log_statement": "none",
    }
)


def render(sockets: Path) -> str:
    """The text of postgresql.conf for servers whose sockets are in `sockets`, a path that needs no quoting."""
    values = {**CONFIGURATION, "unix_socket_directories": str(sockets)}
    lines = (f"{name} = '{value}'" for name, value in values.items())
    return "# Written at every start; changes belong into ALTER SYSTEM.\n" + "\n".join(lines) + "\n"
