"""Decodes the items of a batch one by one, hands the good ones on, and puts the verdicts back in their places."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec

from backend.http.intake.schemas import ResultsOut, VerdictOut
from backend.http.problems.faults import Fault, read_fault, sentence, unstorable
from backend.http.requests import suspect
from tasks.kernel.verdicts import ItemVerdict, Taken

T = TypeVar("T")


async def each(
    items: Sequence[msgspec.Raw], shape: type[T], take: Callable[[list[T]], Awaitable[Sequence[ItemVerdict]]]
) -> ResultsOut:
    """Return one verdict per item; `take` sees only the items that fit their type, and answers by their position among those."""
    decoder = msgspec.json.Decoder(shape)
    good: list[T] = []
    places: list[int] = []
    verdicts: dict[int, ItemVerdict] = {}
    for index, raw in enumerate(items):
        item, fault = _read(decoder, raw)
        if fault is not None:
            verdicts[index] = _rejected(index, fault)
        else:
            good.append(item)
            places.append(index)
    for verdict in await take(good) if good else ():
        place = places[verdict.index]
        verdicts[place] = msgspec.structs.replace(verdict, index=place)
    return ResultsOut([VerdictOut.of(verdicts[index]) for index in range(len(items))])


def _read(decoder: msgspec.json.Decoder[Any], raw: msgspec.Raw) -> tuple[Any, Fault | None]:
    try:
        item = decoder.decode(raw)
    except msgspec.ValidationError as fault:
        return None, read_fault(str(fault))
    except RecursionError:
        return None, ("", "format", {})
    return item, unstorable(item) if suspect(bytes(raw)) else None


def _rejected(index: int, fault: Fault) -> ItemVerdict:
    path, code, facts = fault
    return ItemVerdict(
        index=index, status=Taken.REJECTED, code=code, field=path or None, detail=sentence(code, facts, "en")
    )
