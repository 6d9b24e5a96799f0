"""Sealed segments: what goes in comes out, in bounded pieces, and nothing else ever does."""

from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.files.segments import SEGMENT, SegmentSeal, cut
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import OVERHEAD, SealBroken, Vault

VAULT = Vault(new_id(), b"k" * 32)
CUSTOMER, ATTACHMENT = new_id(), new_id()
SIZES = (1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT, 3 * SEGMENT + 17)


WITNESS = 16
"""Bytes that do not stand in sealed ones by chance."""


async def flow(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def drain(pieces: AsyncIterator[bytes]) -> list[bytes]:
    return [piece async for piece in pieces]


def seal_of(size: int, *, vault: Vault = VAULT, salt: bytes = b"salt", attachment: object = ATTACHMENT) -> SegmentSeal:
    return SegmentSeal.of(vault, salt, (CUSTOMER, attachment), size)  # type: ignore[arg-type]  # an id


def plain(size: int) -> bytes:
    return bytes(each % 251 for each in range(size))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", [1_000, SEGMENT, 10**7])
async def test_what_goes_in_comes_out(size: int, step: int) -> None:
    seal, data = seal_of(size), plain(size)
    kept = await drain(seal.sealed(flow(data[at : at + step] for at in range(0, size, step))))
    assert max(len(piece) for piece in kept) <= SEGMENT + OVERHEAD
    assert len(kept) == seal.last + 1
    assert size < WITNESS or not any(data[:64] in piece for piece in kept)
    whole = b"".join(kept)
    assert b"".join(await drain(seal.opened(flow(whole[at : at + step] for at in range(0, len(whole), step))))) == data


async def broken(kept: list[bytes], seal: SegmentSeal) -> None:
    with pytest.raises(SealBroken):
        await drain(seal.opened(flow(kept)))


async def test_nothing_can_be_changed_moved_repeated_or_cut_off() -> None:
    seal = seal_of(3 * SEGMENT)
    kept = await drain(seal.sealed(flow([plain(3 * SEGMENT)])))
    first, second, third = kept
    for other in (
        [second, first, third], [first, third], [first, second], [first, first, third], [], [*kept, third],
        [first, second, third[:-1]], [first, second, third[:-1] + bytes([third[-1] ^ 1])],
    ):  # fmt: skip
        await broken(other, seal)


async def test_only_the_right_keys_open_it() -> None:
    seal = seal_of(1000)
    kept = await drain(seal.sealed(flow([plain(1000)])))
    assert await drain(seal_of(1000).opened(flow(kept))) == [plain(1000)]
    for other in (
        seal_of(1000, vault=Vault(VAULT.merchant_id, b"x" * 32)),
        seal_of(1000, vault=Vault(new_id(), VAULT.key)),
        seal_of(1000, salt=b"tlas"),
        seal_of(1000, attachment=new_id()),
        SegmentSeal.of(VAULT, b"salt", (new_id(), ATTACHMENT), 1000),
    ):
        await broken(kept, other)


async def test_sealed_twice_it_is_not_the_same() -> None:
    seal = seal_of(1000)
    assert await drain(seal.sealed(flow([plain(1000)]))) != await drain(seal.sealed(flow([plain(1000)])))


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(min_value=1, max_value=33))
async def test_cutting_keeps_every_byte(pieces: list[bytes], size: int) -> None:
    got = await drain(cut(flow(pieces), size))
    assert b"".join(got) == b"".join(pieces)
    assert all(len(piece) == size for piece in got[:-1])
    assert all(0 < len(piece) <= size for piece in got)
