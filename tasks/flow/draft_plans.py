"""From a template, or from nothing, to a definition: the gallery, changes laid over what is there, and kinds of service fitted to the merchant."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tasks.audience.tree import parse
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.plans.definition import TREES, Definition, decode, encode
from tasks.plans.rules import check
from tasks.plans.steps import Step
from tasks.plans.templates import TEMPLATE_INFO, TEMPLATES, fitted, template

CUSTOM: Final = "custom"
"""The template of a plan that was written from nothing."""


class TemplateView(msgspec.Struct, frozen=True, rename="camel"):
    """A template as the gallery shows it: what it does, what an owner may want to change, and its defaults.

    `recommended` are those the set-up turns on, `off` those that are not proposed; `chips` are days of the first offset to choose from, `further` steps that
    one tick adds.
    """

    template: str
    name: str
    says: str
    hint: str
    recommended: bool
    off: bool
    chips: Sequence[int]
    further: Sequence[Step]
    definition: Definition


def list_templates(locale: str) -> list[TemplateView]:
    """Return the gallery in its order, in the locale's words."""
    english = locale.startswith("en")
    return [
        TemplateView(
            template=name, name=info.name_en if english else TEMPLATES[name].name, says=info.en if english else info.zh,
            hint=info.hint_en if english else info.hint_zh, recommended=info.recommended, off=info.off, chips=info.chips,
            further=info.further, definition=TEMPLATES[name],
        )
        for name, info in TEMPLATE_INFO.items()
    ]  # fmt: skip


def drafted(name: str, changes: Mapping[str, Any] | None = None) -> Definition:
    """Return a template's definition with changes laid over it, field by field, checked as a whole. Raises `NotFound` or `Invalid`."""
    definition = changed(template(name), changes)
    check(definition)
    parse(definition.audience)
    return definition


def changed(definition: Definition, changes: Mapping[str, Any] | None) -> Definition:
    """Return a definition with changes laid over it, field by field; raises `Invalid` on the field whose value does not fit."""
    return decode(overlaid(definition, changes)) if changes else definition


def overlaid(definition: Definition, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON of a definition with changes laid over it, not yet checked; raises `Invalid` for a `task` that is none."""
    return _over(encode(definition), _whole(definition, changes))


_KINDS: Final = """
select code, name from category where merchant_id = :merchant and active
union select p.category, p.category from product p where p.merchant_id = :merchant and p.category is not null
  and not exists (select from category c where c.merchant_id = :merchant and c.code = p.category) order by 1
"""
"""The merchant's categories, those too that only its products name."""


async def fit(unit: Unit, definition: Definition) -> Definition:
    """Return the definition with the kinds of service that templates speak of replaced by the merchant's own categories."""
    rows = await unit.rows(_KINDS)
    return fitted(definition, [(row["code"], row["name"]) for row in rows])


async def draft(
    unit: Unit, name: str | None, changes: Mapping[str, Any], whole: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the JSON that a caller means, not yet checked: a template, fitted to the merchant, with changes; or a whole definition.

    Raises `NotFound` for the template, `Invalid` when both or neither are given.
    """
    if (name is None) == (whole is None):
        raise Invalid("template", "needs either template or definition")
    if whole is not None:
        if changes:
            raise Invalid("changes", "goes with template")
        return {"template": CUSTOM, **whole}
    return overlaid(await fit(unit, template(name or "")), changes)


def _whole(definition: Definition, changes: Mapping[str, Any]) -> dict[str, Any]:
    """`task` in changes is short for the first step's; its fields are laid over, the steps after it stay."""
    if "task" not in changes:
        return dict(changes)
    if "steps" in changes:
        raise Invalid("task", "is the first of the steps")
    first, *others = encode(definition)["steps"]
    task = changes["task"]
    if not isinstance(task, dict):
        raise Invalid("task", "is an object")
    rest = {key: value for key, value in changes.items() if key != "task"}
    return rest | {"steps": [first | {"act": _over(first["act"], task)}, *others]}


def _over(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Objects are laid over objects; everything else replaces. Condition trees, and a trigger of another kind, are one thing and replace as a whole."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict) and key not in TREES and _alike(below, value)
        merged[key] = _over(below, value) if both else value  # type: ignore[arg-type]  # both are dicts
    return merged


def _alike(below: dict[str, Any], value: dict[str, Any]) -> bool:
    return "kind" not in value or value["kind"] == below.get("kind")
