"""What a running server holds, made once at start and passed on; there are no globals."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from backend.auth.login import Gate
from backend.auth.passwords import Passwords
from backend.auth.throttle import Throttle, ThrottleRules
from backend.db.units import Units
from backend.files.opening import open_storage
from backend.listeners.hub import Hub
from backend.listeners.watch import Watch
from backend.settings import Settings
from tasks.files.storing import Storage
from tasks.kernel.sealing import MasterKey

STREAM_S: Final = 600.0
"""As long as an access token."""
Probe = Callable[[], Awaitable[None]]
"""Asks a neighbour whether it is there; raises when not."""


@dataclass(frozen=True)
class Services:
    """Everything a request may need.

    Attributes:
        units: the way to a unit of work.
        master: the deployment's key.
        settings: the deployment's decisions.
        passwords: hashes and checks passwords.
        throttle_rules: how much a stranger may try.
        hub: who waits for a change in this process.
        stream_s: how long one stream lasts at most, in seconds; the client comes back.
        probes: neighbours that `/health/ready` reports beside the database; a missing one degrades, it does not stop us.
    """

    units: Units
    master: MasterKey
    settings: Settings = field(default_factory=Settings)
    passwords: Passwords = field(default_factory=Passwords)
    throttle_rules: ThrottleRules = field(default_factory=ThrottleRules)
    probes: dict[str, Probe] = field(default_factory=dict)
    hub: Hub = field(default_factory=Hub)
    stream_s: float = STREAM_S

    def __post_init__(self) -> None:
        """Let the revisions be watched while somebody waits."""
        self.hub.attend(Watch(self.units, self.hub).run)

    @cached_property
    def gate(self) -> Gate:
        """What stands at the door."""
        return Gate(self.units, self.master, self.passwords, Throttle(self.units, self.throttle_rules))

    @cached_property
    def files(self) -> Storage:
        """Where attachments are kept."""
        return open_storage(self.settings)
