"""Firebase Cloud Messaging through firebase-admin, in a thread with one event loop of its own.

The SDK fetches access tokens with a blocking client in the middle of its asynchronous one, and its connections belong to the loop they were opened in:
so it gets a loop where nothing else can be held up, for as long as the process lives. Each message is a call of its own, because a call that fails as a
whole loses what the others of its batch were answered, and they would go out twice.
"""

import asyncio
import threading
import warnings
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import firebase_admin
import structlog
from firebase_admin import credentials, exceptions, messaging

from backend.push import firebase_inside
from backend.push.provider import Message, Result, Verdict
from backend.push.retry_after import UNSAID_S, retry_after
from tasks.kernel.ids import new_id
from tasks.notices.states import AddressKind

T = TypeVar("T")
log = structlog.get_logger()

TIMEOUT_S: Final = 10
"""How long the SDK waits for each step of an answer."""
PATIENCE_S: Final = 30.0
"""How long a message may take in all, fetching an access token included; shorter than the lease of the outbox."""


class Fcm:
    """Sends to FCM tokens and Firebase installation ids. `endpoint` replaces Google's server, for tests."""

    def __init__(self, credentials_file: Path, endpoint: str | None = None) -> None:
        certificate = credentials.Certificate(str(credentials_file))
        self._app = firebase_admin.initialize_app(certificate, {"httpTimeout": TIMEOUT_S}, name=f"huifang-{new_id()}")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fcm", daemon=True)
        self._thread.start()
        firebase_inside.ask_once(self._app)
        if endpoint:
            firebase_inside.point_at(self._app, endpoint)

    async def send(self, messages: Sequence[Message]) -> list[Result]:
        """Send them at once."""
        return await self._there(self._all(messages))

    async def close(self) -> None:
        """Close connections, loop and thread."""
        await self._there(firebase_inside.close(self._app))
        await asyncio.to_thread(firebase_admin.delete_app, self._app)
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the SDK's own loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _all(self, messages: Sequence[Message]) -> list[Result]:
        return list(await asyncio.gather(*(self._one(message) for message in messages)))

    async def _one(self, message: Message) -> Result:
        try:
            async with asyncio.timeout(PATIENCE_S):
                batch = await messaging.send_each_async([encoded(message)], app=self._app)
        except TimeoutError:
            return Result(Verdict.TRANSIENT, fault="timeout")
        except ValueError:
            return Result(Verdict.REJECTED, fault="not a message")
        except exceptions.FirebaseError as fault:  # no access token, mostly: not this message's fault
            log.warning("push.fcm.failed", fault=type(fault.cause or fault).__name__)
            return Result(Verdict.TRANSIENT, fault=type(fault.cause or fault).__name__)
        (answer,) = batch.responses
        return Result(Verdict.ACCEPTED) if answer.success else result_of(answer.exception, message.at)


def encoded(message: Message) -> messaging.Message:
    """Return the SDK's message: words for the screen, data for the app, one collapse key on every platform."""
    key, seconds = message.collapse_key, timedelta(seconds=message.ttl_s)
    ends = int((message.at + seconds).timestamp())
    target = {"token": message.address} if message.address_kind == AddressKind.TOKEN else {"fid": message.address}
    with warnings.catch_warnings():
        # Tokens are deprecated in favour of fids, and most phones still have one.
        warnings.simplefilter("ignore", DeprecationWarning)
        return messaging.Message(
            **target,
            data=message.data,
            notification=messaging.Notification(title=message.title, body=message.body),
            android=messaging.AndroidConfig(
                collapse_key=key,
                priority="high",
                ttl=seconds,
                notification=messaging.AndroidNotification(tag=key),
            ),
            apns=messaging.APNSConfig(
                headers={"apns-collapse-id": key, "apns-expiration": str(ends), "apns-priority": "10"},
                payload=messaging.APNSPayload(aps=messaging.Aps(sound="default", thread_id=key)),
            ),
            webpush=messaging.WebpushConfig(headers={"Topic": key, "TTL": str(message.ttl_s)}),
        )


def result_of(fault: exceptions.FirebaseError, at: datetime) -> Result:
    """Return what an error of FCM means for the message."""
    said = f"{fault.code}"
    response = fault.http_response
    wait = retry_after(response.headers.get("retry-after"), at) if response is not None else None
    if isinstance(fault, messaging.UnregisteredError | messaging.SenderIdMismatchError) or _bad_address(fault):
        return Result(Verdict.INVALID_ADDRESS, fault=said)
    if isinstance(fault, messaging.QuotaExceededError | exceptions.ResourceExhaustedError):
        return Result(Verdict.THROTTLED, wait or UNSAID_S, said)
    if isinstance(
        fault,
        exceptions.InvalidArgumentError | exceptions.PermissionDeniedError | messaging.ThirdPartyAuthError,
    ):
        log.warning("push.fcm.refused", fault=type(fault).__name__, code=said)
        return Result(Verdict.REJECTED, fault=said)
    return Result(Verdict.THROTTLED, wait, said) if wait else Result(Verdict.TRANSIENT, fault=said)


def _bad_address(fault: exceptions.FirebaseError) -> bool:
    """True when FCM calls the address itself malformed: the only part of a message that a device chose."""
    if not isinstance(fault, exceptions.InvalidArgumentError) or fault.http_response is None:
        return False
    try:
        details = fault.http_response.json()["error"].get("details", [])
    except (ValueError, KeyError, AttributeError):
        return False
    named = {str(one.get("field")) for each in details for one in each.get("fieldViolations", [])}
    return bool(named & {"message.token", "message.fid"})
