"""Passwords: Argon2id in a thread, a few at a time, and as slow for a stranger's phone as for a known one."""

from collections.abc import Callable
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.auth.errors import PasswordWeak

T = TypeVar("T")

LEAST: Final = 8
MOST: Final = 128
"""Bounds of a password in characters; longer ones only cost time."""
AT_ONCE: Final = 4
"""Hashes computed at the same time in one process: 64 MiB each."""


class Passwords:
    """Hashes and checks passwords without holding up the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Use `hasher`, or Argon2id at the library's current default cost."""
        self._hasher = hasher or PasswordHasher()
        self._dummy = self._hasher.hash("nobody has this password")
        self._limiter = CapacityLimiter(AT_ONCE)

    async def hash(self, password: str) -> str:
        """Return the encoded hash; raises `PasswordWeak`."""
        if not LEAST <= len(password) <= MOST:
            raise PasswordWeak(field="password", least=LEAST, most=MOST)
        return await self._in_thread(lambda: self._hasher.hash(password))

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Return whether it fits; without a hash it takes as long and is False."""
        return await self._in_thread(lambda: self._fits(encoded or self._dummy, password)) and encoded is not None

    def outdated(self, encoded: str) -> bool:
        """Return whether the hash was made at another cost than today's."""
        return self._hasher.check_needs_rehash(encoded)

    def _fits(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._limiter)
