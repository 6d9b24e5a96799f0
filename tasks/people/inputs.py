"""People as the outside describes them: by the ids and codes of its own systems."""

from datetime import date

import msgspec

from tasks.kernel.scope import Role
from tasks.people.states import BirthdayKind, Gender


class CustomerIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A customer, upserted by `external_id`. None leaves what is stored; phones and tags are added, never taken away.

    `attributes` are values of declared fields by code, a day as `2026-03-02`; what is not named stays, null takes a value away.
    """

    external_id: str
    name: str | None = None
    nickname: str | None = None
    remark_name: str | None = None
    phones: tuple[str, ...] = ()
    wechat: str | None = None
    gender: Gender | None = None
    birthday_on: date | None = None
    birthday_kind: BirthdayKind | None = None
    source: str | None = None
    level: str | None = None
    home_store: str | None = None
    customer_since_on: date | None = None
    consultant: str | None = None
    technician: str | None = None
    anonymous: bool | None = None
    internal: bool | None = None
    notes: str | None = None
    tags: tuple[str, ...] = ()
    attributes: dict[str, str | int | float | bool | None] = {}


class StaffIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A staff member, upserted by `external_id` (the POS code). `stores` are store codes; no phone means no log-in yet."""

    external_id: str
    name: str
    phone: str | None = None
    role: Role = Role.EMPLOYEE
    stores: tuple[str, ...] = ()
    active: bool = True
