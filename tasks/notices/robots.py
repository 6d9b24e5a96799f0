"""Group robots of stores (企业微信, 钉钉, 飞书): whom a store's digest and urges are told beside its staff. Their address is a secret and is sealed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.sealing import new_salt
from tasks.kernel.unit import Unit
from tasks.notices.quiet import STORE_ZONE, TONIGHT, awake
from tasks.notices.states import NoticeKind, RobotKind
from tasks.notices.telling import Noticed

HOSTS: Final[Mapping[str, tuple[RobotKind, str]]] = {
    "qyapi.weixin.qq.com": (RobotKind.WECOM, "/cgi-bin/webhook/send"),
    "oapi.dingtalk.com": (RobotKind.DINGTALK, "/robot/send"),
    "open.feishu.cn": (RobotKind.FEISHU, "/open-apis/bot/v2/hook/"),
    "open.larksuite.com": (RobotKind.FEISHU, "/open-apis/bot/v2/hook/"),
}
"""The only hosts a robot may live at, and how its path begins."""
LONGEST_URL: Final = 500

_PUT: Final = """
insert into store_robot (merchant_id, store_id, kind, sealed, salt, locale, set_by, set_at)
values (:merchant, :store, :kind, :sealed, :salt, :locale, :by, :now)
on conflict (merchant_id, store_id) do update set kind = excluded.kind, sealed = excluded.sealed, salt = excluded.salt, locale = excluded.locale,
    set_by = excluded.set_by, set_at = excluded.set_at, sent_at = null, failed_at = null, fault = null
"""
_GET: Final = """
select store_id, kind, locale, set_at, sent_at, failed_at, fault from store_robot where merchant_id = :merchant and store_id = :store
"""
_DROP: Final = "delete from store_robot where merchant_id = :merchant and store_id = :store returning store_id"
_SAY: Final = f"""
insert into push (merchant_id, id, store_id, provider, kind, facts, collapse_key, next_at, stale_at, created_at)
select :merchant, new_uuid7(), z.store_id, z.provider, z.kind, z.facts, z.kind,
       case when z.kind = 'test' then cast(:now as timestamptz) else {awake("cast(:now as timestamptz)", "z.zone")} end,
       case when z.kind = 'digest' then {TONIGHT.format(at="cast(:now as timestamptz)", zone="z.zone")}
            when z.kind = 'test' then :now + interval '5 minutes' else :now + interval '1 day' end, :now
from (select r.store_id, r.kind as provider, u.kind, u.facts, {STORE_ZONE.format(store="r.store_id")} as zone
      from unnest(cast(:stores as uuid[]), cast(:kinds as text[]), cast(:facts as jsonb[])) as u(store_id, kind, facts)
      join store_robot r on r.merchant_id = :merchant and r.store_id = u.store_id) z
returning id
"""


class RobotAddress(msgspec.Struct, frozen=True):
    """Where a robot is, and the secret its owner chose to have messages signed with."""

    url: str
    secret: str | None = None


class RobotFact(msgspec.Struct, frozen=True, kw_only=True):
    """A robot as a manager names it."""

    url: str
    secret: str | None = None
    locale: str = "zh-CN"


class RobotView(msgspec.Struct, frozen=True, rename="camel"):
    """A store's robot; its address is never shown again. `sentAt` and `failedAt` are the last message that arrived and the last that did not."""

    store_id: UUID
    kind: RobotKind
    locale: str
    set_at: datetime
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    fault: str | None = None


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say in a store's group: a kind and counts."""

    store_id: UUID
    kind: NoticeKind
    facts: Mapping[str, int] = {}


def kind_of(url: str) -> RobotKind:
    """Return whose robot an address is; raises `Invalid` for anything but an https address of a known host, with nothing odd in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as fault:
        raise Invalid("url", "not an address of a group robot") from fault
    host, begin = (parts.hostname or ""), HOSTS.get(parts.hostname or "")
    plain = parts.netloc.lower() == host and port is None and not parts.fragment and url.isascii() and url.isprintable()
    if len(url) > LONGEST_URL or parts.scheme != "https" or begin is None or not plain or "\\" in url or " " in url:
        raise Invalid("url", "not an address of a group robot")
    kind, path = begin
    if not parts.path.startswith(path) or ".." in parts.path or "%" in parts.path:
        raise Invalid("url", "not an address of a group robot")
    return kind


async def put_robot(unit: Unit, scope: StaffScope, store_id: UUID, fact: RobotFact) -> RobotView:
    """Give a store its robot, or another one; raises `NotFound`, `Invalid`."""
    _own(scope, store_id)
    kind, salt = kind_of(fact.url), new_salt()
    plain = msgspec.json.encode(RobotAddress(fact.url, fact.secret))
    sealed = unit.vault.seal(salt, store_id, plain)
    await unit.run(
        _PUT, store=store_id, kind=kind.value, sealed=sealed, salt=salt, locale=fact.locale, by=scope.staff_id
    )
    return await get_robot(unit, scope, store_id)


async def get_robot(unit: Unit, scope: StaffScope, store_id: UUID) -> RobotView:
    """Return a store's robot; raises `NotFound`."""
    _own(scope, store_id)
    row = await unit.row(_GET, store=store_id)
    if row is None:
        raise NotFound(what="群机器人/group robot")
    return RobotView(**{**row, "kind": RobotKind(row["kind"])})


async def drop_robot(unit: Unit, scope: StaffScope, store_id: UUID) -> None:
    """Take a store's robot away; raises `NotFound`."""
    _own(scope, store_id)
    if await unit.scalar(_DROP, store=store_id) is None:
        raise NotFound(what="群机器人/group robot")


async def try_robot(unit: Unit, scope: StaffScope, store_id: UUID) -> UUID:
    """Queue a test message, night or day; returns the push. What came of it shows in the robot. Raises `NotFound`."""
    await get_robot(unit, scope, store_id)
    (push_id,) = await say(unit, [Saying(store_id=store_id, kind=NoticeKind.TEST)])
    return push_id


async def say(unit: Unit, sayings: list[Saying]) -> list[UUID]:
    """Queue a message for the robot of each store that has one; returns the pushes."""
    if not sayings:
        return []
    rows = await unit.rows(
        _SAY,
        stores=[one.store_id for one in sayings],
        kinds=[one.kind.value for one in sayings],
        facts=[msgspec.json.encode(one.facts).decode() for one in sayings],
    )
    if rows:
        unit.after_commit(Noticed(()))
    return [row["id"] for row in rows]


def _own(scope: StaffScope, store_id: UUID) -> None:
    if store_id not in scope.store_ids:
        raise NotFound(what="门店/store")


__all__ = [
    "HOSTS",
    "RobotAddress",
    "RobotFact",
    "RobotView",
    "Saying",
    "drop_robot",
    "get_robot",
    "kind_of",
    "put_robot",
    "say",
    "try_robot",
]
