"""Devices: an installation of the app belongs to one log-in, and so does its address; who leaves is pushed no more."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import id_of, new_id
from tasks.kernel.scope import StaffScope
from tasks.kernel.sealing import MasterKey, derive
from tasks.kernel.unit import Unit
from tasks.notices.states import AddressKind, Provider

_EARLIER: Final = """
select id from device where merchant_id = :merchant and installation_id = :installation for update
"""
_SALT: Final = "select salt from staff where merchant_id = :merchant and id = :staff"
_SAME_ADDRESS: Final = "delete from device where merchant_id = :merchant and address_index = :address and id <> :id"
_STORE: Final = """
insert into device (merchant_id, id, staff_id, family_id, installation_id, provider, address_kind, address_index, sealed, app_version, locale,
                    created_at, seen_at)
values (:merchant, :id, :staff, :family, :installation, :provider, :kind, :address, :sealed, :version, :locale, :now, :now)
on conflict (installation_id, merchant_id) do update set staff_id = excluded.staff_id, family_id = excluded.family_id, provider = excluded.provider,
    address_kind = excluded.address_kind, address_index = excluded.address_index, sealed = excluded.sealed, app_version = excluded.app_version,
    locale = excluded.locale, seen_at = excluded.seen_at
returning id, id = :id as is_new
"""
_TAKE: Final = """
insert into address_holder (address, device_id, taken_at) values (:address, :id, :now)
on conflict (address) do update set device_id = excluded.device_id, taken_at = excluded.taken_at
"""
_LET_GO: Final = """
delete from address_holder h using device d
where d.merchant_id = :merchant and {which} and h.address = d.address_index and h.device_id = d.id
"""
_FORGET: Final = "delete from device d where d.merchant_id = :merchant and {which} returning d.id"
_DROP: Final = """
update push set state = 'dropped', dropped = 'detached', settled_at = :now
where merchant_id = :merchant and device_id = any(cast(:ids as uuid[])) and state = 'queued'
"""
_OWN: Final = "d.installation_id = :installation and d.staff_id = :staff"
_LEFT: Final = """(exists (select from refresh_family f where f.merchant_id = d.merchant_id and f.id = d.family_id and f.revoked_at is not null)
    or exists (select from staff s where s.merchant_id = d.merchant_id and s.id = d.staff_id and s.status <> 'active'))"""
_OF_LOGIN: Final = "d.family_id = :family"
_ADDRESSED: Final = "d.id = :id and d.address_index = :address"

_KINDS: Final[Mapping[Provider, Collection[AddressKind | None]]] = {
    Provider.FCM: (AddressKind.TOKEN, AddressKind.FID),
    Provider.WEBPUSH: (AddressKind.SUBSCRIPTION,),
    Provider.INAPP: (None,),
}


class DeviceFact(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation says of itself. `address` is a token, a fid, or the JSON of a browser's subscription; none when the app only asks by itself."""

    installation_id: str
    provider: Provider
    address: str | None = None
    address_kind: AddressKind | None = None
    app_version: str = ""
    locale: str = "zh-CN"


def address_of(master: MasterKey, fact: DeviceFact) -> UUID | None:
    """Return the blind id of an address, the same in the whole deployment."""
    if fact.address is None:
        return None
    return id_of(derive(master.token_key("address"), fact.provider.encode(), fact.address.encode())[:16])


async def register(unit: Unit, scope: StaffScope, login: tuple[MasterKey, UUID], fact: DeviceFact) -> UUID:
    """Attach the installation to the caller's log-in (the deployment's key and the log-in's id); returns the device's id.

    Whoever had the installation or the address before, at any merchant, has it no more. Saying the same again changes nothing but `seen_at`.
    Raises `Invalid`.
    """
    _check(fact)
    master, family_id = login
    address = address_of(master, fact)
    device_id: UUID = await unit.scalar(_EARLIER, installation=fact.installation_id) or new_id()
    if address is not None:
        await unit.run(_SAME_ADDRESS, address=address, id=device_id)
    salt = await unit.scalar(_SALT, staff=scope.staff_id)
    stored = await unit.row(
        _STORE,
        id=device_id,
        staff=scope.staff_id,
        family=family_id,
        installation=fact.installation_id,
        provider=fact.provider.value,
        kind=fact.address_kind.value if fact.address_kind else None,
        address=address,
        sealed=unit.vault.seal(salt, device_id, fact.address.encode()) if fact.address else None,
        version=fact.app_version,
        locale=fact.locale,
    )
    if stored is None or not stored["is_new"]:
        raise Invalid("installationId", "registered by somebody else at this moment; send it again")
    if address is not None:
        await unit.run(_TAKE, address=address, id=device_id)
    return device_id


async def unregister(unit: Unit, scope: StaffScope, installation_id: str) -> None:
    """Detach one's own installation; raises `NotFound`."""
    if not await _detach(unit, _OWN, installation=installation_id, staff=scope.staff_id):
        raise NotFound(what="设备/device")


async def detach_login(unit: Unit, family_id: UUID) -> int:
    """Detach what belongs to a log-in that ends; returns how many devices."""
    return await _detach(unit, _OF_LOGIN, family=family_id)


async def forget_left(unit: Unit) -> int:
    """Forget the devices of log-ins that ended and of people who left; they have not been pushed since. Returns how many."""
    return await _detach(unit, _LEFT)


async def detach_address(unit: Unit, device_id: UUID, address: UUID) -> int:
    """Detach a device whose address is dead, unless it has said another one meanwhile; returns how many."""
    return await _detach(unit, _ADDRESSED, id=device_id, address=address)


async def _detach(unit: Unit, which: str, **values: object) -> int:
    await unit.run(_LET_GO.format(which=which), **values)
    gone = [row["id"] for row in await unit.rows(_FORGET.format(which=which), **values)]
    if gone:
        await unit.run(_DROP, ids=gone)
    return len(gone)


def _check(fact: DeviceFact) -> None:
    allowed = _KINDS[fact.provider]
    if fact.address_kind not in allowed:
        raise Invalid("addressKind", "does not go with the provider")
    if (fact.address is None) != (fact.address_kind is None):
        raise Invalid("address", "needed with an address kind, and only then")
