"""The digest that tells whether an action came before: the words, whatever their order, and the same after an upgrade as before it."""

import hashlib
from typing import ClassVar
from uuid import UUID

import msgspec
import pytest

from tasks.actions.service import digest_of
from tasks.callbacks.facts import CallbackFact
from tests.support.clock import shanghai

FACT = CallbackFact(
    action_id=UUID(int=1),
    task_id=UUID(int=2),
    outcome="booked",
    occurred_at=shanghai("2026-03-02 10:00"),
    fields={"startsAt": "2026-03-05T15:00:00+08:00", "service": "CUT"},
)
FIRST_RELEASE = ("action_id", "task_id", "outcome", "occurred_at", "channel", "note", "fields")


class Grown(msgspec.Struct, frozen=True, rename="camel"):
    task_id: int
    colours: tuple[str, ...] = ()
    extras: dict[str, int] = {}

    digested_later: ClassVar[frozenset[str]] = frozenset({"colours", "extras"})


def test_the_order_of_words_does_not_matter_and_every_word_does() -> None:
    turned = msgspec.structs.replace(FACT, fields=dict(reversed(list(FACT.fields.items()))))
    assert digest_of(turned) == digest_of(FACT)
    others = [
        msgspec.structs.replace(FACT, note="x"),
        msgspec.structs.replace(FACT, task_id=UUID(int=3)),
        msgspec.structs.replace(FACT, fields={}),
        msgspec.structs.replace(FACT, corrects=UUID(int=9)),
    ]
    digests = {digest_of(each) for each in (FACT, *others)}
    assert len(digests) == len(others) + 1


def test_a_callback_sent_before_an_upgrade_is_known_after_it() -> None:
    words = {
        field.encode_name: getattr(FACT, field.name)
        for field in msgspec.structs.fields(FACT)
        if field.name in FIRST_RELEASE
    }
    assert len(words) == len(FIRST_RELEASE)
    first = hashlib.sha256(msgspec.json.encode(words, order="sorted")).digest()
    assert digest_of(FACT) == first


@pytest.mark.parametrize("grown", [Grown(1, ("red",)), Grown(1, extras={"a": 1})])
def test_a_later_field_counts_once_it_is_used(grown: Grown) -> None:
    assert digest_of(grown) != digest_of(Grown(1))
    plain = hashlib.sha256(msgspec.json.encode({"taskId": 1}, order="sorted")).digest()
    assert digest_of(Grown(1)) == plain
