"""One cell of the X1 matrix: what an operation is asked with, by whom it may be asked, and by whom not."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.http.salon import Salon

Ask = tuple[str, Any, dict[str, str]]
"""Path, JSON body, headers."""
Make = Callable[[Salon], Awaitable[Ask]]

OTHERS_OF_ROLE = {"employee": "employee2", "manager": "manager2"}
"""Who has the same role in the other store; an owner has every store."""
LOWER = {"employee": (), "manager": ("employee",), "owner": ("employee", "manager"), "key": ()}


@dataclass(frozen=True)
class Cell:
    """One operation.

    Attributes:
        make: makes a fresh thing in the first store of a salon and returns how to ask for it.
        right: who may.
        answers: the normal success.
        names_a_thing: the path or body names something of the salon, so a stranger gets 404; else a stranger succeeds, with their own things.
        same_store_only: another store's staff of the same role must get 404 too.
        both_proofs: a key's operation that everybody who works for the merchant may ask, too.
    """

    make: Make
    right: str
    answers: int = 200
    names_a_thing: bool = False
    same_store_only: bool = False
    both_proofs: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def plain(path: str, body: Any = None) -> Make:
    async def make(_salon: Salon) -> Ask:
        return path, body, {}

    return make
