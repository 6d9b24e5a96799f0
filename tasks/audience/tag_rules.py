"""Tags that a rule sets and takes. The rule is a condition tree; what it gave it also takes, and never what a person or an import gave.

A rule is judged for the customers of an event in the event's own transaction (pace at_once), and for everybody every half hour, whatever its pace:
time alone changes who is meant. Whoever judges holds the customers' contact states, so that what is written is what the books said last.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final
from uuid import UUID

from tasks.audience.compile import compile_node
from tasks.audience.judging import Frame, chosen, forms, statement_of
from tasks.audience.references import Named
from tasks.audience.resolving import segments_of
from tasks.audience.service import looks
from tasks.audience.tree import Node, mentioned, parse
from tasks.kernel.documents import document
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.people.contact_state import lock_contact_state
from tasks.people.states import TagHand
from tasks.people.tagging import By, give, take

EVERY: Final = timedelta(minutes=30)
"""How old the judgement of everybody may be."""
MANY: Final = 10_000
"""Customers changed in one transaction."""
BY_RULE: Final = By(TagHand.RULE)


@dataclass(frozen=True)
class Rule:
    """A tag's rule, ready to be judged: its tree, and the trees of the segments it uses."""

    tag_id: UUID
    node: Node
    segments: dict[str, Node]

    @property
    def tags(self) -> set[UUID]:
        """The tags it asks for, which are set before it is judged."""
        return {
            one.id for node in (self.node, *self.segments.values()) for one in mentioned(node) if one.kind is Named.TAG
        }


async def _readable(unit: Unit, rules: Iterable[tuple[UUID, dict[str, Any]]]) -> list[Rule]:
    """Return the rules that still fit, in turn."""
    found = []
    for tag_id, tree in rules:
        with suppress(Invalid):
            found.append(await read_rule(unit, tag_id, tree))
    return in_turn(found)


async def read_rule(unit: Unit, tag_id: UUID, tree: dict[str, Any]) -> Rule:
    """Return the rule with its segments as they are now; raises `Invalid` when it does not fit any more."""
    node = parse(tree)
    return Rule(tag_id, node, await segments_of(unit, node))


_AT_ONCE = "select id, rule from tag where merchant_id = :merchant and pace = 'at_once' order by id"


async def rules_at_once(unit: Unit) -> list[tuple[UUID, dict[str, Any]]]:
    """Return the rules that events make judged: one look at an index, empty for a merchant without such a rule."""
    return [(row["id"], document(row["rule"])) for row in await unit.rows(_AT_ONCE)]


def in_turn(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules so that each comes after those whose tags it asks for."""
    known = {rule.tag_id: rule for rule in rules}
    try:
        turn = TopologicalSorter({rule.tag_id: sorted(rule.tags & set(known)) for rule in rules}).static_order()
        return [known[one] for one in turn]
    except CycleError:  # refused when a rule is saved; should one be there, each is still judged
        return list(rules)


async def settle(unit: Unit, rule: Rule, customer_ids: Sequence[UUID]) -> int:
    """Give and take the tag among customers whose contact states are locked; returns how many changed."""
    held = await _given_by_rule(unit, rule, customer_ids)
    meant = await _meant(unit, rule, customer_ids)
    given = await give(unit, [(one, rule.tag_id) for one in meant - held], BY_RULE)
    return given + await take(unit, [(one, rule.tag_id) for one in held - meant], BY_RULE)


async def _given_by_rule(unit: Unit, rule: Rule, customer_ids: Sequence[UUID]) -> set[UUID]:
    rows = await unit.rows(
        "select customer_id from customer_tag where merchant_id = :merchant and tag_id = :tag and hand = 'rule' "
        "and customer_id = any(cast(:ids as uuid[]))",
        tag=rule.tag_id, ids=list(customer_ids),
    )  # fmt: skip
    return {row["customer_id"] for row in rows}


async def _meant(unit: Unit, rule: Rule, customer_ids: Sequence[UUID]) -> set[UUID]:
    """Who of these is meant, looked up one by one."""
    found: set[UUID] = set()
    these = Frame("select cu.id", "and cu.id = any(cast(:ids as uuid[]))", {"ids": list(customer_ids)})
    for look in await looks(unit, None):
        form = compile_node(rule.node, look.ground, card=False, segments=rule.segments)
        asked = statement_of(look, these, form)
        found |= set((await unit.run(asked.sql, **asked.values)).scalars())
    return found


async def settle_everybody(unit: Unit, rule: Rule, many: int = MANY) -> tuple[int, bool]:
    """Give and take the tag among everybody, at most `many` each in this transaction; returns how many changed, and whether that was all."""
    wrong = [*await _lacking(unit, rule, many), *await _too_many(unit, rule, many)]
    if not wrong:
        return 0, True
    changed = await settle(unit, rule, await lock_contact_state(unit, wrong))
    return changed, len(wrong) < many or changed == 0


_LACKING: Final = """and not exists (select from customer_tag ct
where ct.merchant_id = cu.merchant_id and ct.customer_id = cu.id and ct.tag_id = cast(:tag as uuid)) limit :many"""


async def _lacking(unit: Unit, rule: Rule, many: int) -> list[UUID]:
    """Who is meant and does not have the tag."""
    found: list[UUID] = []
    for look in await looks(unit, None):
        frame = Frame("select cu.id", _LACKING, {"tag": rule.tag_id, "many": many - len(found)})
        found += await chosen(unit, look, frame, forms(rule.node, rule.segments, look))
    return found


_HOLDERS: Final = """select ct.customer_id from customer_tag ct where ct.merchant_id = :merchant and ct.tag_id = cast(:tag as uuid) and ct.hand = 'rule'
and (cast(:left as uuid[]) is null or ct.customer_id = any(cast(:left as uuid[]))) and ct.customer_id not in (select cu.id"""


async def _too_many(unit: Unit, rule: Rule, many: int) -> list[UUID]:
    """Who has the tag of the rule and is not meant: in no zone's day."""
    left: list[UUID] | None = None
    for look in await looks(unit, None):
        frame = Frame(_HOLDERS, ")", {"tag": rule.tag_id, "left": left})
        left = await chosen(unit, look, frame, forms(rule.node, rule.segments, look))
    return (left or [])[:many]


async def apply_at_once(unit: Unit, customer_ids: Sequence[UUID], rules: Sequence[tuple[UUID, dict[str, Any]]]) -> int:
    """Judge those of the rules that still fit for the customers, whose contact states it locks; returns how many tags changed."""
    locked = await lock_contact_state(unit, customer_ids)
    return sum([await settle(unit, rule, locked) for rule in await _readable(unit, rules)])


_DUE: Final = "pace is not null and (evaluated_at is null or evaluated_at <= :due)"


async def rules_due(unit: Unit) -> list[UUID]:
    """Return the tags whose rules were not judged for everybody in the last half hour: first what does not fit any more, then each after those it asks for."""
    rows = await unit.rows(
        f"select id, rule from tag where merchant_id = :merchant and {_DUE} order by id", due=unit.now - EVERY
    )
    fit = [rule.tag_id for rule in await _readable(unit, [(row["id"], document(row["rule"])) for row in rows])]
    return [row["id"] for row in rows if row["id"] not in set(fit)] + fit


async def claim_rule(unit: Unit, tag_id: UUID) -> Rule | None:
    """Return the rule for the one transaction that is to judge it; None when another does, or did."""
    row = await unit.row(
        f"select id, rule from tag where merchant_id = :merchant and id = :tag and {_DUE} for no key update skip locked",
        tag=tag_id, due=unit.now - EVERY,
    )  # fmt: skip
    return await read_rule(unit, tag_id, document(row["rule"])) if row else None


async def judged(unit: Unit, tag_id: UUID) -> None:
    """Note that everybody was judged by the rule just now."""
    await unit.run("update tag set evaluated_at = :now where merchant_id = :merchant and id = :tag", tag=tag_id)
