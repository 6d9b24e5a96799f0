"""Carries what changed to the listeners of other processes, through publish and subscribe of Redis or Valkey: ids of merchants, stores and staff, nothing else.

A message that is lost is found by the watch (`watch.py`): nobody waits for this server, and nothing is kept while it is away.
"""

import asyncio
import os
from collections.abc import Collection
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.listeners.hub import Hub
from backend.observability import logs

CHANNEL: Final = "huifang:told"
PATIENCE_S: Final = 1.0
MUTE_S: Final = 3.0
"""How long nothing is sent, and nobody tries to hear, after the server did not answer."""
MOST_WAITING: Final = 1_000
"""Merchants about whom something waits to be sent; more are not told, and found by the watch."""
HEAR_S: Final = 1.0
TROUBLE: Final = (RedisError, OSError, TimeoutError)


class Message(msgspec.Struct, frozen=True, array_like=True):
    """Whose stores changed and for whom there are notices; `origin` is the process that says so, which has told its own listeners."""

    origin: bytes
    merchant: bytes
    stores: list[bytes]
    staff: list[bytes]


_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(Message)


class Relay:
    """One end of it in this process."""

    def __init__(self, url: str, hub: Hub) -> None:
        self._redis = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=PATIENCE_S)
        self._hub = hub
        self._origin = os.urandom(8)
        self._waiting: dict[UUID, tuple[set[UUID], set[UUID]]] = {}
        self._sending: asyncio.Task[None] | None = None

    def tell(self, merchant_id: UUID, store_ids: Collection[UUID] = (), staff_ids: Collection[UUID] = ()) -> None:
        """Tell listeners here at once and those elsewhere soon; never waits and never raises."""
        self._hub.tell(merchant_id, store_ids, staff_ids)
        if merchant_id in self._waiting or len(self._waiting) < MOST_WAITING:
            stores, staff = self._waiting.setdefault(merchant_id, (set(), set()))
            stores.update(store_ids)
            staff.update(staff_ids)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.ensure_future(self._send())

    async def _send(self) -> None:
        """Send what waits; what came meanwhile about one merchant goes as one."""
        while self._waiting:
            merchant_id, (stores, staff) = self._waiting.popitem()
            message = Message(
                self._origin, merchant_id.bytes, [one.bytes for one in stores], [one.bytes for one in staff]
            )
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._redis.publish(CHANNEL, _encode(message))
            except TROUBLE as fault:
                logs.warning("relay.send.failed", fault, lost=len(self._waiting) + 1)
                await asyncio.sleep(MUTE_S)
                self._waiting.clear()

    async def hear(self) -> None:
        """Pass on what other processes tell until nobody listens; an attendant of the hub."""
        while not self._hub.deserted:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(CHANNEL)
                    while not self._hub.deserted:
                        heard = await channel.get_message(timeout=HEAR_S)
                        if heard is not None:
                            self.pass_on(heard["data"])
            except TROUBLE as fault:
                logs.warning("relay.hear.lost", fault, retry_s=MUTE_S)
                await asyncio.sleep(MUTE_S)

    def pass_on(self, data: bytes) -> None:
        """Tell the listeners here what a message says; one of another version is nothing to us, for the watch finds what it meant."""
        with suppress(msgspec.DecodeError, ValueError):
            message = _decoder.decode(data)
            if message.origin != self._origin:
                stores, staff = ([UUID(bytes=one) for one in some] for some in (message.stores, message.staff))
                self._hub.tell(UUID(bytes=message.merchant), stores, staff)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        with suppress(*TROUBLE):
            await self._redis.aclose()
