"""Web push (RFC 8030): the browser's own push service, signed by VAPID, encrypted for the browser."""

import asyncio
from collections.abc import Sequence
from typing import Final

import httpx
import msgspec

from backend.push.answers import of_status
from backend.push.outside import NotPublic
from backend.push.provider import Message, Result, Verdict
from backend.push.vapid import VapidKey
from backend.push.web_encryption import Subscription, encrypt

AT_ONCE: Final = 20
"""Requests to push services at the same time."""


class WebPush:
    """Sends to browsers' subscriptions."""

    def __init__(self, key: VapidKey, client: httpx.AsyncClient) -> None:
        self._key = key
        self._client = client
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def send(self, messages: Sequence[Message]) -> list[Result]:
        """Send each to its own service."""
        return list(await asyncio.gather(*(self._one(message) for message in messages)))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _one(self, message: Message) -> Result:
        try:
            whom = msgspec.json.decode(message.address, type=Subscription)
            body = encrypt(whom.keys, payload(message))
        except (ValueError, msgspec.DecodeError):
            return Result(Verdict.INVALID_ADDRESS, fault="not a subscription")
        headers = {
            "authorization": self._key.authorization(whom.endpoint, message.at),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(message.ttl_s),
            "topic": message.collapse_key,
            "urgency": "high",
        }
        async with self._slots:
            try:
                return of_status(await self._client.post(whom.endpoint, content=body, headers=headers), message.at)
            except (NotPublic, httpx.InvalidURL, httpx.UnsupportedProtocol):
                return Result(Verdict.INVALID_ADDRESS, fault="not public")
            except httpx.HTTPError as fault:
                return Result(Verdict.TRANSIENT, fault=type(fault).__name__)


def payload(message: Message) -> bytes:
    """Return what the service worker of the app is handed."""
    return msgspec.json.encode(
        {"title": message.title, "body": message.body, "tag": message.collapse_key, "data": message.data}
    )
