"""Staff in, a batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from msgspec import msgpack

from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.people import staff_rows as rows
from tasks.people.batches import Unknown, refused
from tasks.people.inputs import StaffIn
from tasks.people.lookups import StoreRef, staff_index, store_refs
from tasks.people.rules import check_staff
from tasks.people.seals import StaffSeal, new_salt
from tasks.people.states import StaffRole, StaffStatus


@dataclass
class StaffDraft:
    """One staff member of the batch; `stores` empty leaves the memberships as they are."""

    item: StaffIn
    places: list[int]
    index: UUID
    phone: str | None
    stores: tuple[UUID, ...]
    id: UUID = field(default_factory=new_id)
    salt: bytes = field(default_factory=new_salt)
    login: UUID | None = None
    stored: Any = None

    @property
    def status(self) -> StaffStatus:
        """Active, or removed."""
        return StaffStatus.ACTIVE if self.item.active else StaffStatus.REMOVED

    @property
    def store_role(self) -> StaffRole:
        """The role in each store; owners lead wherever they are a member."""
        return StaffRole.EMPLOYEE if self.item.role is Role.EMPLOYEE else StaffRole.MANAGER

    @property
    def seal(self) -> StaffSeal:
        """What the blob holds."""
        return StaffSeal(self.item.name, self.phone, self.item.external_id)


async def upsert_staff(unit: Unit, master: MasterKey, items: Sequence[StaffIn]) -> list[ItemVerdict]:
    """Store staff by external id; one verdict per item, in order.

    Stores that are named replace the memberships; none named leaves them. A phone that another staff member of the merchant logs in with is refused. No
    phone leaves what is stored.
    """
    stores = await store_refs(unit)
    drafts: dict[str, StaffDraft] = {}
    verdicts: list[ItemVerdict] = []
    for place, item in enumerate(items):
        try:
            draft = StaffDraft(
                item, [place], staff_index(unit, item.external_id), check_staff(item), _stores(item, stores)
            )
        except Invalid as fault:
            verdicts.append(refused(place, fault))
            continue
        earlier = drafts.get(item.external_id)
        if earlier is not None:
            draft.places = [*earlier.places, place]
            draft.phone = draft.phone or earlier.phone
            draft.stores = draft.stores or earlier.stores
        drafts[item.external_id] = draft
    wanted = list(drafts.values())
    changed = await _store(unit, master, wanted, verdicts)
    for draft in wanted:
        taken = Taken.ACCEPTED if draft.id in changed else Taken.DUPLICATE
        verdicts.extend(ItemVerdict(place, taken, id=draft.id) for place in draft.places)
    return sorted(verdicts, key=lambda verdict: verdict.index)


def _stores(item: StaffIn, known: dict[str, StoreRef]) -> tuple[UUID, ...]:
    for at, code in enumerate(item.stores):
        if code not in known:
            raise Unknown(f"stores[{at}]")
    return tuple(sorted({known[code].id for code in item.stores}))


async def _store(unit: Unit, master: MasterKey, drafts: list[StaffDraft], verdicts: list[ItemVerdict]) -> set[UUID]:
    """Write the drafts; return the ids that changed. A draft whose phone is taken loses its places to refusals."""
    stored = await rows.lock_staff(unit)
    by_index = {row["external_index"]: row for row in stored}
    logins = {row["login_index"]: row["id"] for row in stored if row["login_index"] is not None}
    fresh: list[StaffDraft] = []
    met: list[StaffDraft] = []
    for draft in drafts:
        _meet(unit, draft, by_index.get(draft.index))
        draft.login = master.login_index(draft.phone) if draft.phone else None
        if draft.login is not None and logins.setdefault(draft.login, draft.id) != draft.id:
            fault = Invalid("phone", "another staff member logs in with it")
            verdicts.extend(refused(place, fault) for place in draft.places)
            draft.places = []
        else:
            (met if draft.stored else fresh).append(draft)
    await rows.insert_staff(unit, fresh)
    edited = [draft for draft in met if _differs(unit, draft)]
    await rows.update_staff(unit, edited)
    moved = await rows.replace_memberships(unit, [draft for draft in (*fresh, *met) if draft.stores])
    return {draft.id for draft in (*fresh, *edited)} | moved


def _meet(unit: Unit, draft: StaffDraft, row: Any) -> None:
    if row is None:
        return
    draft.id, draft.salt, draft.stored = row["id"], row["salt"], row
    before = msgpack.decode(unit.vault.open(draft.salt, draft.id, row["sealed"]), type=StaffSeal)
    draft.phone = draft.phone or before.phone


def _differs(unit: Unit, draft: StaffDraft) -> bool:
    row = draft.stored
    before = msgpack.decode(unit.vault.open(draft.salt, draft.id, row["sealed"]), type=StaffSeal)
    columns = (row["role"], row["status"], row["login_index"])
    return before != draft.seal or columns != (draft.item.role, draft.status, draft.login)
