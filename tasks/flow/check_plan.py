"""What is wrong with a plan before it is turned on: every fault by field, and what an owner should know beside.

Nothing is stored. A fault is an `Invalid`: what the engine would not keep to the letter, or what names something that is not there.
"""

import re
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from scripts.catalog import SCENES, shipped
from tasks.audience.resolving import names_everywhere, segments_of
from tasks.audience.segments import check_seen
from tasks.audience.tree import MAX_DEPTH, MAX_LEAVES, mentioned, parse
from tasks.flow.draft_plans import CUSTOM
from tasks.flow.plan_calendar import check_calendar, check_to_come
from tasks.flow.plan_reach import audience_now, unserved_stores
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.plans.definition import Definition, decode, encode
from tasks.plans.rules import faults as rule_faults
from tasks.plans.states import Link
from tasks.plans.steps import StaffTask
from tasks.plans.templates import SECOND_VISIT, TEMPLATES
from tasks.plans.trees import trees_of

Tree = dict[str, Any]

KNOWN_GOOD: Final = encode(SECOND_VISIT)
"""A definition that fits: with one field of a draft in it, a fault is that field's."""
NEEDED: Final = frozenset(one.encode_name for one in msgspec.structs.fields(Definition) if one.required)
_FIELDS: Final = frozenset(Definition.__struct_encode_fields__)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_OF_OBJECT: Final = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>[^`]*)`")


@dataclass
class Checked:
    """What was found; the definition is None when its types alone are wrong."""

    definition: Definition | None
    faults: list[Invalid] = field(default_factory=list)
    warnings: list[Invalid] = field(default_factory=list)


async def check_draft(unit: Unit, raw: Mapping[str, Any]) -> Checked:
    """Return every fault of a definition's JSON by field, and warnings when it has none."""
    faults = list(type_faults(raw))
    if faults:
        return Checked(None, faults)
    definition = decode(dict(raw))
    faults = await faults_of(unit, definition)
    if not faults:
        faults = await _fault_in(check_to_come(unit, definition))
    return Checked(definition, faults, [] if faults else await _warnings(unit, definition))


async def checked(unit: Unit, raw: Mapping[str, Any]) -> Definition:
    """Return the definition of a JSON document that may be stored; raises its first fault."""
    definition = decode(dict(raw))
    await refuse_faults(unit, definition)
    return definition


async def refuse_faults(unit: Unit, definition: Definition) -> None:
    """Raise the first fault of a definition, if it has one."""
    for fault in await faults_of(unit, definition):
        raise fault


async def _fault_in(check: Awaitable[object]) -> list[Invalid]:
    """Return what a check refuses."""
    try:
        await check
    except Invalid as fault:
        return [fault]
    return []


def type_faults(raw: Mapping[str, Any]) -> Iterator[Invalid]:
    """Yield what does not fit the shape of a definition, field by field; a list of steps step by step."""
    for name in sorted(NEEDED - set(raw)):
        yield Invalid(name, "is required")
    for name, value in raw.items():
        if name not in _FIELDS:
            yield Invalid(name if _NAME.fullmatch(name) else "…", "is not a known field")
        elif name == "steps" and isinstance(value, list) and value:
            for number, step in enumerate(value):
                yield from _alone("steps", [step], ("steps[0]", f"steps[{number}]"))
            yield from _alone("steps", KNOWN_GOOD["steps"] * len(value), ("", ""))
        else:
            yield from _alone(name, value, ("", ""))


def _alone(name: str, value: Any, moved: tuple[str, str]) -> Iterator[Invalid]:
    """Yield the fault of one field in a definition that fits otherwise; `moved` says where the field really stands."""
    try:
        decode(KNOWN_GOOD | {name: value})
    except Invalid as fault:
        where = (fault.field or name) if fault.field != "definition" else name
        yield _named(where.replace(*moved, 1) if moved[0] else where, str(fault.facts["why"]))


def _named(where: str, why: str) -> Invalid:
    """A member that is missing or unknown is named by its own path."""
    found = _OF_OBJECT.match(why)
    if found is None:
        return Invalid(where, why)
    name = found["name"] if _NAME.fullmatch(found["name"]) else "…"
    return Invalid(f"{where}.{name}", "is required" if found["what"].startswith("missing") else "is not a known field")


async def faults_of(unit: Unit, definition: Definition) -> list[Invalid]:
    """Return what a definition of the right shape says wrongly: its rules, its trees, its calendar, what it names, and who would get its tasks."""
    faults = list(rule_faults(definition))
    for path, tree in trees_of(definition):
        faults += await _tree_faults(unit, tree, path)
    faults += await _fault_in(check_calendar(unit, definition))
    if definition.template != CUSTOM and definition.template not in TEMPLATES:
        faults.append(Invalid("template", "no such template"))
    for number, step in enumerate(definition.steps):
        faults += await _act_faults(unit, step.act, f"steps[{number}].act")
    return faults


async def _tree_faults(unit: Unit, tree: Tree, path: str) -> list[Invalid]:
    try:
        node = parse(tree, path)
    except Invalid as first:
        return list(_leaf_faults(tree, path, 0)) or [first]
    names = await names_everywhere(unit, [node])
    missing = [Invalid(one.path, f"no such {one.kind}") for one in mentioned(node) if one.id not in names]
    if missing:
        return missing
    return await _fault_in(segments_of(unit, node)) or await _fault_in(check_seen(unit, None, node, None))


def _leaf_faults(raw: object, path: str, depth: int) -> Iterator[Invalid]:
    """Yield the fault of every condition that does not fit; those of the groups around them are told when there is none."""
    if not isinstance(raw, dict) or depth > MAX_DEPTH:
        return
    if "condition" in raw:
        try:
            parse(raw, path)
        except Invalid as fault:
            yield fault
        return
    for word in ("all", "any", "not"):
        inner = raw.get(word)
        if word == "not":
            yield from _leaf_faults(inner, f"{path}.not", depth + 1)
        elif isinstance(inner, list):
            for number, child in enumerate(inner[:MAX_LEAVES]):
                yield from _leaf_faults(child, f"{path}.{word}[{number}]", depth + 1)


async def _act_faults(unit: Unit, act: StaffTask, path: str) -> list[Invalid]:
    faults = []
    if act.scene not in SCENES:
        faults.append(Invalid(f"{path}.scene", "no such scene"))
    elif set(act.variants) - {one.key for one in shipped().variants(act.scene, "zh-CN")}:
        faults.append(Invalid(f"{path}.variants", "no such variant"))
    if act.named is not None and not await _works_here(unit, act.named):
        faults.append(Invalid(f"{path}.named", "no such staff member"))
    if await nobody_left(unit, act):
        faults.append(Invalid(f"{path}.chain", "nobody works here who could get the task"))
    return faults


async def _works_here(unit: Unit, staff_id: object) -> bool:
    found = await unit.scalar(
        "select exists (select from staff where merchant_id = :merchant and id = :id and status = 'active')",
        id=staff_id,
    )
    return bool(found)


_WORKERS: Final = """
select exists (select from membership m join staff s on s.merchant_id = m.merchant_id and s.id = m.staff_id and s.status = 'active'
               where m.merchant_id = :merchant) as anybody,
       exists (select from membership m join staff s on s.merchant_id = m.merchant_id and s.id = m.staff_id and s.status = 'active'
               where m.merchant_id = :merchant and m.role = 'manager') as manager,
       exists (select from staff where merchant_id = :merchant and role = 'owner' and status = 'active') as owner,
       exists (select from store where merchant_id = :merchant and active and pool) as pool
"""


async def nobody_left(unit: Unit, act: StaffTask) -> bool:
    """Say whether no store of the merchant has anybody who could get the task."""
    (row,) = await unit.rows(_WORKERS)
    personal = any(link not in {Link.MANAGER, Link.OWNER} for link in act.chain)
    ways: Sequence[bool] = (
        personal and row["anybody"],
        (Link.MANAGER in act.chain or act.manager) and row["manager"],
        Link.OWNER in act.chain and row["owner"],
        act.pool and row["pool"],
    )
    return not any(ways)


async def _warnings(unit: Unit, definition: Definition) -> list[Invalid]:
    """Return what an owner should know and may want."""
    found = []
    if await audience_now(unit, definition) == 0:
        found.append(Invalid("audience", "means nobody now"))
    if not (definition.task.pool and definition.task.manager):
        stores = await unserved_stores(unit)
        found += [Invalid("steps[0].act.chain", f"store {code} has nobody who could get the task") for code in stores]
    return found
