"""Merchants and their first people: made once, by whoever runs the deployment. Merchants are named by id or by name."""

import secrets
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import text

from backend.auth.api_keys import KeyScope, create_api_key
from backend.auth.login import give_password
from backend.auth.passwords import Passwords
from backend.cli.edge import Refused
from backend.db.units import Units
from backend.runtime import Runtime
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.kernel.zones import zone_of
from tasks.people import service as people
from tasks.people.inputs import StaffIn
from tasks.people.phones import normalise_phone

OWNER: Final = "owner"
"""External id of the owner that `merchant create` makes."""

_ALL = text("select merchant_id from all_merchants()")
_NAME = "select name, timezone from merchant where merchant_id = :merchant"
_STORES = "select id, code, name from store where merchant_id = :merchant and active order by code"
_STAFF_COUNT = "select count(*) from staff where merchant_id = :merchant and status = 'active'"
_UNMAKE = "delete from merchant where merchant_id = :merchant"


class StoreMade(msgspec.Struct, frozen=True):
    """A store, and the code that files name it by."""

    id: UUID
    code: str
    name: str


class Login(msgspec.Struct, frozen=True, rename="camel"):
    """Who may log in, and with what; the password is shown once."""

    staff_id: UUID
    phone: str
    password: str


class MerchantMade(msgspec.Struct, frozen=True, rename="camel"):
    """A new merchant: ids, the integrator's key and the owner's login, both shown once."""

    merchant_id: UUID
    name: str
    timezone: str
    stores: Sequence[StoreMade]
    owner: Login
    api_key: str


class MerchantSeen(msgspec.Struct, frozen=True, rename="camel"):
    """A merchant as the list shows it."""

    merchant_id: UUID
    name: str
    timezone: str
    stores: Sequence[StoreMade]
    staff: int


class Wanted(msgspec.Struct, frozen=True):
    """What a new merchant should be; no phone or password: one is made up."""

    name: str
    timezone: str
    stores: Sequence[str]
    phone: str | None = None
    password: str | None = None


async def create_merchant(runtime: Runtime, wanted: Wanted) -> MerchantMade:
    """Make the merchant, its stores, its owner and an integrator's key, or nothing."""
    zone_of(wanted.timezone)
    phone = checked_phone(wanted.phone) if wanted.phone else invented_phone()
    merchant_id = new_id()
    await runtime.units.create_merchant(merchant_id, wanted.name, wanted.timezone)
    try:
        async with runtime.units.open(merchant_id) as unit:
            stores = [
                await _store(unit, str(number), name, wanted.timezone) for number, name in enumerate(wanted.stores, 1)
            ]
            owner = StaffIn(
                external_id=OWNER, name="Owner", phone=phone, role=Role.OWNER, stores=tuple(s.code for s in stores)
            )
            login = await add_staff(runtime, unit, owner, wanted.password)
            key = await create_api_key(unit, "integrator", list(KeyScope))
    except BaseException:
        await _unmake(runtime.units, merchant_id)
        raise
    return MerchantMade(merchant_id, wanted.name, wanted.timezone, stores, login, key)


async def _store(unit: Unit, code: str, name: str, timezone: str) -> StoreMade:
    return StoreMade(await people.create_store(unit, code=code, name=name, timezone=timezone), code, name)


async def _unmake(units: Units, merchant_id: UUID) -> None:
    async with units.open(merchant_id) as unit:
        await unit.run(_UNMAKE)


async def add_staff(runtime: Runtime, unit: Unit, item: StaffIn, password: str | None) -> Login:
    """Make or change a member of staff and give a password; a made-up one when none is given."""
    secret = password or secrets.token_urlsafe(9)
    [verdict] = await people.upsert_staff(unit, runtime.master, [item])
    staff_id = _taken(verdict)
    await give_password(unit, Passwords(), staff_id, secret)
    return Login(staff_id, item.phone or "", secret)


def _taken(verdict: ItemVerdict) -> UUID:
    if verdict.status is Taken.REJECTED or verdict.id is None:
        raise Refused(f"{verdict.field or 'the staff member'}: {verdict.detail or verdict.code}")
    return verdict.id


def checked_phone(phone: str) -> str:
    """The phone as given. Raises `Refused` for what is no phone number."""
    try:
        normalise_phone(phone)
    except ValueError as fault:
        raise Refused("the phone is not a phone number", 2) from fault
    return phone


def invented_phone() -> str:
    """A login that looks like a phone and is nobody's: mainland numbers never begin with 100 and eight digits."""
    return f"100{secrets.randbelow(10**8):08d}"


async def list_merchants(units: Units) -> list[MerchantSeen]:
    """Every merchant of the deployment, oldest first."""
    return [await _seen(units, merchant_id) for merchant_id in await _ids(units)]


async def _ids(units: Units) -> list[UUID]:
    async with units.nameless() as session:
        return [row.merchant_id for row in await session.execute(_ALL)]


async def _seen(units: Units, merchant_id: UUID) -> MerchantSeen:
    async with units.open(merchant_id) as unit:
        merchant = await unit.row(_NAME)
        if merchant is None:
            raise Refused(f"merchant {merchant_id} is gone")
        stores = await unit.structs(StoreMade, _STORES)
        staff = int(await unit.scalar(_STAFF_COUNT))
    return MerchantSeen(merchant_id, merchant["name"], merchant["timezone"], stores, staff)


async def find_merchant(units: Units, named: str | None) -> UUID:
    """The merchant of an id or a name; the only one when none is named. Raises `Refused`."""
    found = await list_merchants(units)
    if named is None:
        if len(found) == 1:
            return found[0].merchant_id
        raise Refused("say which merchant: --merchant NAME-or-id (`huifang merchant list` shows them)", 2)
    matching = [one.merchant_id for one in found if named in (str(one.merchant_id), one.name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise Refused(f"{len(matching)} merchants are called {named!r}: use the id", 2)
    raise Refused(f"no merchant {named!r}: `huifang merchant list` shows them")
