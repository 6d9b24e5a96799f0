"""Sends what is due at one merchant: claim, send, settle, each a step of its own, so that nobody waits in a transaction for the internet.

Whoever dies after sending and before settling leaves the rows to the next worker when the lease is over: they go out once more, under the same collapse key.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from backend.db.units import Units
from backend.push.provider import BATCH, Message, Provider, Result, Verdict
from scripts.locales import Locale
from tasks.notices.looking import LookReport, look_for_news
from tasks.notices.outbox import Claimed, claim_pushes, settle
from tasks.notices.words import words_of

log = structlog.get_logger()

MOST_BATCHES: Final = 50
"""Batches of one merchant before the others have their turn."""
LEAST_TTL_S: Final = 60
LEAVE_S: Final = 4.0
"""How long a worker that is told to stop may still wait for answers: what it then does not know goes out once more."""


class SendReport(msgspec.Struct, frozen=True):
    """What one round did: messages sent, given up as refused or unreachable, put off for another try, and lost to another worker."""

    sent: int = 0
    failed: int = 0
    again: int = 0
    lost: int = 0

    def plus(self, other: "SendReport") -> "SendReport":
        """Return both together."""
        return SendReport(
            self.sent + other.sent, self.failed + other.failed, self.again + other.again, self.lost + other.lost
        )


class Sender:
    """Looks for what staff should be told, and sends what is due, for any merchant. Holds nothing another worker would need."""

    def __init__(self, units: Units, providers: Mapping[str, Provider]) -> None:
        self._units = units
        self._providers = providers

    async def push(self, merchant_id: UUID) -> SendReport:
        """Look for news, then send what is due; safe to run anywhere at any time."""
        await self.look(merchant_id)
        return await self.send_due(merchant_id)

    async def look(self, merchant_id: UUID) -> LookReport | None:
        """Write the notices that are due."""
        async with self._units.open(merchant_id) as unit:
            found = await look_for_news(unit)
        if found and any(msgspec.structs.astuple(found)):
            log.info("notice.look.done", merchant=str(merchant_id), **msgspec.structs.asdict(found))
        return found

    async def send_due(self, merchant_id: UUID) -> SendReport:
        """Send what is due until nothing is, or others have waited long enough."""
        report = SendReport()
        for _ in range(MOST_BATCHES):
            async with self._units.open(merchant_id) as unit:
                claimed = await claim_pushes(unit, BATCH)
            if not claimed:
                break
            report = report.plus(await _to_the_end(self._batch(merchant_id, claimed)))
        if any(msgspec.structs.astuple(report)):
            log.info("push.send.done", merchant=str(merchant_id), **msgspec.structs.asdict(report))
        return report

    async def _batch(self, merchant_id: UUID, claimed: Sequence[Claimed]) -> SendReport:
        groups: dict[str, list[Claimed]] = {}
        for one in claimed:
            groups.setdefault(one.provider, []).append(one)
        answered = await asyncio.gather(*(self._ask(provider, those) for provider, those in groups.items()))
        results = [pair for those in answered for pair in those]
        async with self._units.open(merchant_id) as unit:
            settled = await settle(unit, results)
        verdicts = [said.verdict for _, said in results]
        sent = verdicts.count(Verdict.ACCEPTED)
        again = verdicts.count(Verdict.THROTTLED) + verdicts.count(Verdict.TRANSIENT)
        return SendReport(sent, len(verdicts) - sent - again, again, len(results) - settled)

    async def _ask(self, name: str, those: Sequence[Claimed]) -> list[tuple[Claimed, Result]]:
        provider = self._providers.get(name)
        if provider is None:
            return [(one, Result(Verdict.REJECTED, fault="no provider")) for one in those]
        try:
            results = await provider.send([message_of(one) for one in those])
        except Exception as fault:  # a provider's fault must not hold up the others
            log.exception("push.provider.failed", provider=name)
            results = [Result(Verdict.TRANSIENT, fault=type(fault).__name__) for _ in those]
        return list(zip(those, results, strict=True))


async def _to_the_end(batch: Coroutine[Any, Any, SendReport]) -> SendReport:
    """Finish a batch that is out, even when told to stop: messages are settled that providers have taken."""
    working = asyncio.ensure_future(batch)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait((working,), timeout=LEAVE_S)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        raise


def message_of(one: Claimed) -> Message:
    """Return the message of a push: words in the receiver's language, and ids for the app."""
    locale: Locale = "en" if one.locale.startswith("en") else "zh-CN"
    words = words_of(one.kind, one.facts, locale)
    data = {"kind": one.kind.value, "pushId": str(one.id)}
    data |= {"noticeId": str(one.notice_id)} if one.notice_id else {}
    data |= {"taskId": str(one.task_id)} if one.task_id else {}
    data |= {name: str(count) for name, count in one.facts.items()}
    return Message(
        id=str(one.id),
        address=one.address,
        address_kind=one.address_kind or "",
        kind=one.kind,
        title=words.title,
        body=words.body,
        data=data,
        collapse_key=one.collapse_key,
        ttl_s=max(one.lasts_s, LEAST_TTL_S),
        at=one.claimed_at,
    )
