"""A cursor says what it was made with, to whom it was made for, and to nobody else."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.kernel.paging import CursorGarbled
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.sealing import Vault
from tasks.sync.cursors import LASTS, LONGEST, Holder, Position, read_cursor, write_cursor
from tasks.sync.faults import SyncForeign, SyncReset

NOW = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
KEY = b"k" * 32
REVISION = st.integers(0, 2**63 - 1)


@st.composite
def holders(draw: st.DrawFn) -> Holder:
    stores = tuple(draw(st.lists(st.uuids(), min_size=1, max_size=6, unique=True)))
    scope = StaffScope(draw(st.uuids()), draw(st.uuids()), draw(st.sampled_from(list(Role))), stores)
    return Holder(scope, draw(st.text("abcXYZ019._:-", max_size=64)))


@st.composite
def positions(draw: st.DrawFn, stores: int) -> Position:
    vector = st.tuples(*[REVISION] * stores)
    age = timedelta(microseconds=draw(st.integers(0, int(LASTS.total_seconds() * 1_000_000))))
    return Position(NOW - age, draw(vector), draw(st.none() | vector), draw(st.none() | st.uuids()))


@st.composite
def written(draw: st.DrawFn) -> tuple[Holder, Position, str]:
    holder = draw(holders())
    position = draw(positions(len(holder.stores)))
    return holder, position, write_cursor(vault(holder), holder, position)


def vault(holder: Holder) -> Vault:
    return Vault(holder.scope.merchant_id, KEY)


@given(written())
def test_it_says_what_it_was_made_with(made: tuple[Holder, Position, str]) -> None:
    holder, position, cursor = made
    assert read_cursor(vault(holder), holder, cursor, NOW) == position
    shuffled = Holder(
        StaffScope(
            holder.scope.merchant_id, holder.scope.staff_id, holder.scope.role, tuple(reversed(holder.scope.store_ids))
        ),
        holder.device,
    )
    assert read_cursor(vault(holder), shuffled, cursor, NOW) == position, "the order of the stores is nobody's business"


@given(written(), st.data())
def test_an_altered_one_is_refused(made: tuple[Holder, Position, str], data: st.DataObject) -> None:
    holder, _, cursor = made
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    forged = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    with pytest.raises((CursorGarbled, SyncForeign)):
        read_cursor(vault(holder), holder, forged, NOW)


@given(st.text(max_size=200))
def test_garbage_is_garbled(text: str) -> None:
    holder = Holder(StaffScope(UUID(int=1), UUID(int=2), Role.EMPLOYEE, (UUID(int=3),)), "")
    with pytest.raises((CursorGarbled, SyncForeign)):
        read_cursor(vault(holder), holder, text, NOW)


@given(written(), holders())
def test_nobody_else_can_use_it(made: tuple[Holder, Position, str], other: Holder) -> None:
    holder, _, cursor = made
    mine = holder.scope
    colleague = StaffScope(mine.merchant_id, other.scope.staff_id, mine.role, mine.store_ids)
    for thief, refusal in (
        (other, SyncForeign),
        (Holder(colleague, holder.device), SyncForeign),
        (Holder(mine, holder.device + "x"), SyncForeign),
        (Holder(StaffScope(mine.merchant_id, mine.staff_id, mine.role, other.scope.store_ids), holder.device), SyncReset),
        (Holder(StaffScope(mine.merchant_id, mine.staff_id, _other(mine.role), mine.store_ids), holder.device), SyncReset),
    ):  # fmt: skip
        with pytest.raises(refusal):
            read_cursor(vault(thief), thief, cursor, NOW)
    stranger = Vault(mine.merchant_id, b"another merchant's key, 32 bytes")
    with pytest.raises(CursorGarbled):
        read_cursor(stranger, holder, cursor, NOW)


def _other(role: Role) -> Role:
    return Role.OWNER if role is not Role.OWNER else Role.MANAGER


@given(written())
def test_it_ends_after_thirty_days(made: tuple[Holder, Position, str]) -> None:
    holder, position, cursor = made
    assert read_cursor(vault(holder), holder, cursor, position.made_at + LASTS) == position
    with pytest.raises(SyncReset):
        read_cursor(vault(holder), holder, cursor, position.made_at + LASTS + timedelta(microseconds=1))


@settings(max_examples=5)
@given(st.data())
def test_an_owner_of_three_hundred_stores_fits(data: st.DataObject) -> None:
    stores = tuple(UUID(int=n) for n in range(1, 301))
    holder = Holder(StaffScope(UUID(int=1), UUID(int=2), Role.OWNER, stores), "x" * 64)
    big = data.draw(st.integers(2**31, 2**32))
    cursor = write_cursor(vault(holder), holder, Position(NOW, (big,) * 300, (big,) * 300, UUID(int=9)))
    assert len(cursor) <= LONGEST
