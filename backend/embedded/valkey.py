"""One private Valkey: a bell that wakes workers, not a store; nothing on disk, one socket and no TCP."""

import signal
import socket
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final

from backend.embedded.errors import EmbeddedError
from backend.embedded.places import Places
from backend.embedded.processes import end_leftovers, find_server
from backend.embedded.programs import VALKEY_SERVER

PROGRAM: Final = "valkey-server"
START_S: Final = 20
ANSWER_S: Final = 2
DATABASES: Final = 1024
_PING: Final = b"*1\r\n$4\r\nPING\r\n"


@dataclass(frozen=True)
class Valkey:
    """The server of one home; call everything but `url` holding the home's lock."""

    places: Places

    def ensure_running(self) -> None:
        """Answers when PING is answered; a silent server is replaced: it holds nothing. Raises `EmbeddedError`."""
        if self._replies():
            return
        end_leftovers(PROGRAM, self.places.valkey, first=signal.SIGKILL)
        configuration = self.places.valkey / "valkey.conf"
        configuration.write_text(self._configuration(), encoding="utf-8")
        (self.places.valkey / "valkey.log").unlink(missing_ok=True)
        self.places.account.run((VALKEY_SERVER, configuration), cwd=self.places.valkey, timeout=START_S)
        deadline = monotonic() + START_S
        while not self._replies():
            if monotonic() > deadline:
                raise EmbeddedError(f"Valkey did not come up in {START_S} s, see {self.places.valkey / 'valkey.log'}")
            sleep(0.01)

    def is_running(self) -> bool:
        """True while our server process lives."""
        return find_server(self._pid(), PROGRAM, self.places.valkey) is not None

    def stop(self) -> None:
        """The server does not run any more; there is nothing to save."""
        end_leftovers(PROGRAM, self.places.valkey, first=signal.SIGTERM)

    def url(self, database: int = 0) -> str:
        """A plain URL over the socket folder; `database` is Valkey's number."""
        return f"unix://{self.places.valkey_socket}?db={database}"

    def _configuration(self) -> str:
        values = {
            "port": "0",
            "unixsocket": str(self.places.valkey_socket),
            "unixsocketperm": "700",
            "daemonize": "yes",
            "supervised": "no",
            "pidfile": "valkey.pid",
            "logfile": "valkey.log",
            "databases": str(DATABASES),
            "save": '""',
            "appendonly": "no",
            "maxmemory": "128mb",
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in values.items())

    def _replies(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(ANSWER_S)
                connection.connect(str(self.places.valkey_socket))
                connection.sendall(_PING)
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def _pid(self) -> int | None:
        try:
            text = (self.places.valkey / "valkey.pid").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        return int(text) if text.isdigit() else None
