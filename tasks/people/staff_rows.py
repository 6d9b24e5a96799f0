"""Every statement that writes staff."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.people.batches import columns
from tasks.people.seals import packed

if TYPE_CHECKING:
    from tasks.people.staffing import StaffDraft

_ROWS = """unnest(cast(:ids as uuid[]), cast(:roles as text[]), cast(:statuses as text[]), cast(:indexes as uuid[]), cast(:logins as uuid[]),
  cast(:sealed as bytea[]), cast(:salts as bytea[])) as u(id, role, status, external_index, login_index, sealed, salt)"""


def _values(unit: Unit, drafts: Sequence["StaffDraft"]) -> dict[str, list[Any]]:
    rows = [
        (d.id, d.item.role, d.status, d.index, d.login, unit.vault.seal(d.salt, d.id, packed(d.seal)), d.salt)
        for d in drafts
    ]
    names = ("ids", "roles", "statuses", "indexes", "logins", "sealed", "salts")
    return dict(zip(names, columns(rows, len(names)), strict=True))


async def lock_staff(unit: Unit) -> Sequence[Any]:
    """Lock the merchant's staff list and return it: it is short, and a batch must see every log-in phone to refuse one that is taken."""
    await unit.run("select from merchant where merchant_id = :merchant for no key update")
    return await unit.rows(
        """select id, external_index, login_index, role, status, sealed, salt from staff
           where merchant_id = :merchant order by id for no key update"""
    )


async def insert_staff(unit: Unit, drafts: Sequence["StaffDraft"]) -> None:
    """Insert new staff members."""
    if drafts:
        await unit.run(
            f"""insert into staff (merchant_id, id, role, status, external_index, login_index, sealed, salt, created_at, removed_at)
                select :merchant, u.*, :now, case when u.status = 'removed' then cast(:now as timestamptz) end from {_ROWS}""",
            **_values(unit, drafts),
        )


async def update_staff(unit: Unit, drafts: Sequence["StaffDraft"]) -> None:
    """Write staff members that are stored already; `removed_at` says since when."""
    if drafts:
        await unit.run(
            f"""update staff s set role = u.role, status = u.status, login_index = u.login_index, sealed = u.sealed,
                  removed_at = case when u.status = 'removed' then coalesce(s.removed_at, :now) end
                from {_ROWS} where s.merchant_id = :merchant and s.id = u.id""",
            **_values(unit, drafts),
        )


async def replace_memberships(unit: Unit, drafts: Sequence["StaffDraft"]) -> set[UUID]:
    """Make each draft a member of exactly its stores, in its role; returns whose memberships that changed."""
    if not drafts:
        return set()
    wanted = [(draft.id, store, draft.store_role) for draft in drafts for store in draft.stores]
    staff, stores, roles = columns(wanted, 3)
    values = {"staff": staff, "stores": stores, "roles": roles}
    gone = await unit.rows(
        """delete from membership m where m.merchant_id = :merchant and m.staff_id = any(cast(:staff as uuid[])) and not exists (
             select from unnest(cast(:staff as uuid[]), cast(:stores as uuid[])) as u(staff_id, store_id)
             where u.staff_id = m.staff_id and u.store_id = m.store_id) returning m.staff_id""",
        **values,
    )
    written = await unit.rows(
        """insert into membership as m (merchant_id, staff_id, store_id, role)
           select :merchant, * from unnest(cast(:staff as uuid[]), cast(:stores as uuid[]), cast(:roles as text[]))
           on conflict (merchant_id, staff_id, store_id) do update set role = excluded.role where m.role <> excluded.role
           returning m.staff_id""",
        **values,
    )
    return {row["staff_id"] for row in (*gone, *written)}
