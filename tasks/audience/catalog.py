"""The catalogue of conditions: enough to build a form from."""

from functools import lru_cache
from typing import Any, Final

import msgspec

from tasks.audience.labels import FIELDS, GROUPS
from tasks.audience.registry import CONDITIONS, Condition
from tasks.audience.states import Group
from tasks.audience.tree import MAX_DEPTH, MAX_LEAVES
from tasks.audience.wording import Words

_DEFINITIONS: Final = "#/$defs/{name}"


class ConditionView(msgspec.Struct, frozen=True, rename="camel"):
    """One condition as a form needs it.

    `schema` is the JSON Schema (2020-12) of the leaf as trees write it, every field titled in the caller's language; `x-ref` says what an id names, and
    `/v1/manager/choices?kind=` lists those. `example` is a leaf that makes sense, `sentence` how it reads. `of_card`: in plans about cards it is about that
    card, elsewhere about any card the customer holds. `todays`: judged of a past day, today's value is used.
    """

    name: str
    group: str
    group_label: str
    label: str
    of_card: bool
    todays: bool
    schema: dict[str, Any]
    example: dict[str, Any]
    sentence: str


class Catalogue(msgspec.Struct, frozen=True, rename="camel"):
    """Every condition, by group; trees are at most so deep and have at most so many leaves."""

    max_depth: int
    max_leaves: int
    items: tuple[ConditionView, ...]


@lru_cache(maxsize=4)
def catalogue(locale: str) -> Catalogue:
    """Return the catalogue in `zh-CN` or `en`."""
    order = list(Group)
    ordered = sorted(CONDITIONS.values(), key=lambda one: order.index(one.group))
    return Catalogue(MAX_DEPTH, MAX_LEAVES, tuple(_view(one, Words(locale)) for one in ordered))


def _view(one: Condition, words: Words) -> ConditionView:
    return ConditionView(
        name=one.name,
        group=one.group,
        group_label=words.say(*GROUPS[one.group]),
        label=one.label(words.locale),
        of_card=one.of_card,
        todays=one.todays,
        schema=_schema(one, words),
        example={"condition": one.name, **one.example},
        sentence=one.words(msgspec.convert(one.example, one.params), words),
    )


def _schema(one: Condition, words: Words) -> dict[str, Any]:
    (_,), definitions = msgspec.json.schema_components([one.params], ref_template=_DEFINITIONS)
    own = dict(definitions.pop(one.params.__name__))
    told = {name: {**part, "title": words.say(*FIELDS[name])} for name, part in own["properties"].items()}
    own["title"] = one.label(words.locale)
    own["properties"] = {"condition": {"const": one.name}, **told}
    own["required"] = ["condition", *own.get("required", ())]
    return {**own, "$defs": definitions} if definitions else own
