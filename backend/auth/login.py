"""Log-in with phone and password, and what else touches a password."""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import text

from backend.auth.access import load_member
from backend.auth.errors import ChooseMerchant, CredentialsWrong, MerchantChoice, PasswordWeak, PasswordWrong
from backend.auth.passwords import LEAST, MOST, Passwords
from backend.auth.sessions import Session, open_session, revoke_others
from backend.auth.throttle import Throttle
from backend.auth.tokens import Claims
from backend.db.units import Units
from tasks.kernel.sealing import MasterKey, derive
from tasks.kernel.unit import Unit
from tasks.people.phones import normalise_phone

MOST_MERCHANTS: Final = 8
"""A phone that works for more is looked up no further: each costs a hash."""

_CANDIDATES = text("select merchant_id, staff_id from login_candidates(:wanted)")
_ACCOUNT = """
select s.id, s.password_hash, m.name,
       exists (select from refresh_family f where f.merchant_id = :merchant and f.staff_id = s.id
               and f.revoked_at is null and f.device = :device and f.device <> '') as known
from staff s join merchant m on m.merchant_id = s.merchant_id
where s.merchant_id = :merchant and s.id = :staff and s.status = 'active'
"""
_HASH = "update staff set password_hash = :hash where merchant_id = :merchant and id = :staff and status = 'active' returning id"


@dataclass(frozen=True)
class Gate:
    """What stands at the door.

    Attributes:
        units: the way to each merchant's rows.
        master: signs and indexes.
        passwords: hashes and checks.
        throttle: counts attempts.
    """

    units: Units
    master: MasterKey
    passwords: Passwords
    throttle: Throttle


class Attempt(msgspec.Struct, frozen=True):
    """One try: `device` is the installation's own id, empty when it has none; `address` stands in for it in the throttle."""

    phone: str
    password: str
    device: str = ""
    address: str = ""
    merchant_id: UUID | None = None


class _Account(msgspec.Struct, frozen=True):
    merchant_id: UUID
    staff_id: UUID
    name: str
    password_hash: str | None
    known: bool


async def login(gate: Gate, attempt: Attempt) -> Session:
    """Return a session; raises `CredentialsWrong`, `TooManyAttempts` or `ChooseMerchant`."""
    index = gate.master.login_index(_written(attempt.phone))
    device = _throttle_device(gate.master, attempt.device, attempt.address)
    hold = await gate.throttle.count(index, device)
    accounts = await _accounts(gate, index, attempt.device)
    if not any(account.known for account in accounts):
        await asyncio.sleep(hold)
    proven = await _proven(gate.passwords, accounts, attempt.password)
    if not proven:
        raise CredentialsWrong
    await gate.throttle.forgive(index, device)
    return await _enter(gate, _chosen(proven, attempt.merchant_id), attempt)


async def change_password(gate: Gate, claims: Claims, current: str, following: str) -> None:
    """Change the own password; every other log-in of the person ends. Raises `PasswordWrong`, `PasswordWeak` or `TooManyAttempts`."""
    device = _throttle_device(gate.master, claims.family_id.hex, "")
    await gate.throttle.count(claims.staff_id, device)
    async with gate.units.glance(claims.merchant_id) as unit:
        await load_member(unit, claims)
        row = await unit.row(_ACCOUNT, staff=claims.staff_id, device="")
    if row is None or not await gate.passwords.verify(row["password_hash"], current):
        raise PasswordWrong(field="current")
    await gate.throttle.forgive(claims.staff_id, device)
    if current == following:
        raise PasswordWeak(field="password", least=LEAST, most=MOST)
    encoded = await gate.passwords.hash(following)
    async with gate.units.open(claims.merchant_id) as unit:
        await unit.run(_HASH, staff=claims.staff_id, hash=encoded)
        await revoke_others(unit, claims.staff_id, claims.family_id, "password")


async def give_password(unit: Unit, passwords: Passwords, staff_id: UUID, password: str) -> bool:
    """Let a staff member log in with this password; False when there is no such active member. For commands and the demo."""
    encoded = await passwords.hash(password)
    return await unit.scalar(_HASH, staff=staff_id, hash=encoded) is not None


async def _accounts(gate: Gate, index: UUID, device: str) -> list[_Account]:
    async with gate.units.nameless() as session:
        found = [tuple(row) for row in await session.execute(_CANDIDATES, {"wanted": index})][:MOST_MERCHANTS]
    accounts: list[_Account] = []
    for merchant_id, staff_id in found:
        async with gate.units.glance(merchant_id) as unit:
            row = await unit.row(_ACCOUNT, staff=staff_id, device=device)
        if row is not None:
            accounts.append(_Account(merchant_id, staff_id, row["name"], row["password_hash"], row["known"]))
    return accounts


async def _proven(passwords: Passwords, accounts: list[_Account], password: str) -> list[_Account]:
    """Return the accounts the password opens; an unknown phone costs one hash too."""
    if not accounts:
        await passwords.verify(None, password)
    return [account for account in accounts if await passwords.verify(account.password_hash, password)]


def _chosen(proven: list[_Account], merchant_id: UUID | None) -> _Account:
    if merchant_id is not None:
        proven = [account for account in proven if account.merchant_id == merchant_id]
    if not proven:
        raise CredentialsWrong
    if len(proven) > 1:
        raise ChooseMerchant([MerchantChoice(account.merchant_id, account.name) for account in proven])
    return proven[0]


async def _enter(gate: Gate, account: _Account, attempt: Attempt) -> Session:
    stale = account.password_hash is not None and gate.passwords.outdated(account.password_hash)
    encoded = await gate.passwords.hash(attempt.password) if stale else account.password_hash
    async with gate.units.open(account.merchant_id) as unit:
        if await unit.scalar(_HASH, staff=account.staff_id, hash=encoded) is None:
            raise CredentialsWrong
        return await open_session(unit, gate.master, account.staff_id, attempt.device)


def _written(phone: str) -> str:
    """Return the one form of the number; what is no number is counted and refused like an unknown one."""
    try:
        return normalise_phone(phone)
    except ValueError:
        return phone


def _throttle_device(master: MasterKey, device: str, address: str) -> UUID:
    """Return the blind id of a device: its own id, else where it calls from."""
    said = device.encode() if device else b"\0" + address.encode()
    return UUID(bytes=derive(master.token_key("device"), said)[:16])
