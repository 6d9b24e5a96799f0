"""A customer who is new to the books."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.desk.finding import Asked, find
from tasks.desk.inputs import NewCustomer
from tasks.desk.places import Place, place_of, staff_codes
from tasks.desk.turns import take_turn
from tasks.flow.front_desk_books import desk_code, ledger_id
from tasks.flow.react import react
from tasks.flow.record_books import attach_unmatched
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import Taken
from tasks.people.customers import upsert_customers
from tasks.people.inputs import CustomerIn
from tasks.people.phones import normalise_phone
from tasks.people.states import TagHand

__all__ = ["CustomerMade", "make_customer"]

SOURCE: Final = "front_desk"
"""Where her consent to be contacted by a person comes from."""
_SOURCE: Final = "select exists (select from customer_source where merchant_id = :merchant and code = :code and active)"
_FIELDS: Final = {"phones[0]": "phone", "consultant": "consultantId"}


class CustomerMade(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The new customer; or none, because others have her number.

    `candidateIds` are those of the own stores, `elsewhere` says that another store of the merchant knows the number. Show them, and use one of them or
    send it again (with a new action id) with `anyway`: nobody is ever merged silently.
    """

    customer_id: UUID | None
    candidate_ids: Sequence[UUID] = ()
    elsewhere: bool = False


async def make_customer(unit: Unit, scope: StaffScope, said: NewCustomer, at: datetime) -> CustomerMade:
    """Add her to the books at home in the store, or say who has her number already. A person may contact her, automatic marketing may not.

    Raises `NotFound` for a store of somebody else's, `Invalid` by field.
    """
    place = await place_of(unit, scope, said.store_id, at)
    if not said.name.strip():
        raise Invalid("name", "is empty")
    if said.source is not None and not await unit.scalar(_SOURCE, code=said.source):
        raise Invalid("source", "is not known")
    if said.phone is not None and not said.anyway:
        known = await _known(unit, scope, said.phone)
        if known.candidate_ids or known.elsewhere:
            return known
    item = await _item(unit, place, said)
    (verdict,) = await upsert_customers(unit, [item], source=SOURCE, hand=TagHand.STAFF)
    if verdict.status is Taken.REJECTED:
        field = verdict.field or ""
        raise Invalid(_FIELDS.get(field, field), verdict.detail or "is not known")
    customer_id = ledger_id(verdict)
    await react(unit, await attach_unmatched(unit, [customer_id]))
    return CustomerMade(customer_id=customer_id)


async def _known(unit: Unit, scope: StaffScope, phone: str) -> CustomerMade:
    try:
        number = normalise_phone(phone)
    except ValueError as fault:
        raise Invalid("phone", "is not a phone number") from fault
    # Two phones that add her in the same instant: the second one sees the first one's.
    await take_turn(unit, "phone", number)
    wanted = Asked(phones=(unit.vault.blind("phone", number),))
    mine = [row.id for row in (await find(unit, scope, wanted)).rows]
    everybody = msgspec.structs.replace(scope, role=Role.OWNER)
    others = (await find(unit, everybody, wanted, len(mine) + 1)).rows
    return CustomerMade(customer_id=None, candidate_ids=mine, elsewhere=len(others) > len(mine))


async def _item(unit: Unit, place: Place, said: NewCustomer) -> CustomerIn:
    staff = await staff_codes(unit, place, [said.consultant_id], "consultantId")
    return CustomerIn(
        external_id=desk_code(new_id()),
        name=said.name,
        nickname=said.nickname,
        remark_name=said.remark_name,
        phones=(said.phone,) if said.phone else (),
        wechat=said.wechat,
        gender=said.gender,
        birthday_on=said.birthday_on,
        birthday_kind=said.birthday_kind,
        source=said.source,
        home_store=place.code,
        consultant=staff[said.consultant_id] if said.consultant_id else None,
        notes=said.notes,
    )
