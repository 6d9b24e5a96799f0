"""The condition of tags."""

from dataclasses import replace
from typing import Annotated

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.references import MOST_NAMED, TagId
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words

Tags = Annotated[tuple[TagId, ...], msgspec.Meta(max_length=MOST_NAMED)]


class TagsParams(Params, frozen=True):
    """Has any of these tags, all of those, and none of others; what is said must all hold."""

    any_of: Tags = ()
    all_of: Tags = ()
    none_of: Tags = ()

    def __post_init__(self) -> None:
        """Refuse what says nothing."""
        if not (self.any_of or self.all_of or self.none_of):
            raise ValueError("needs one of: anyOf, allOf, noneOf")


def _tags(params: TagsParams, binds: Binds) -> Asked:
    one_of, each, none = (sorted(set(ids)) for ids in (params.any_of, params.all_of, params.none_of))
    named = binds.add(sorted({*one_of, *each, *none}), "uuid[]")
    asked = Some(
        source="customer_tag ct",
        who="ct.customer_id",
        merchant="ct.merchant_id",
        where=f"ct.tag_id = any({named})",
        seen="string_agg((select t.name from tag t where t.merchant_id = ct.merchant_id and t.id = ct.tag_id), ', ')",
    )
    if not (each or none):
        return asked
    if not (one_of or each):
        return replace(asked, none=True)
    return replace(asked, holds=" and ".join(_counted(one_of, each, none, binds)))


def _counted(one_of: list[TagId], each: list[TagId], none: list[TagId], binds: Binds) -> list[str]:
    """A customer has a tag once, so that having all of them is having as many."""
    parts = []
    for ids, wanted in ((one_of, "> 0"), (each, f"= {len(each)}"), (none, "= 0")):
        if ids:
            parts.append(f"count(*) filter (where ct.tag_id = any({binds.add(ids, 'uuid[]')})) {wanted}")
    return parts


def _tags_words(params: TagsParams, words: Words) -> str:
    parts = []
    if params.any_of:
        parts.append(words.say("有标签{}", "tagged {}", words.named(params.any_of)))
    if params.all_of:
        every = words.say("、", " and ").join(words.named([one]) for one in params.all_of)
        parts.append(words.say("同时有标签{}", "tagged {}", every))
    if params.none_of:
        parts.append(words.say("没有标签{}", "not tagged {}", words.named(params.none_of)))
    return words.say("且", " and ").join(parts)


register(
    Condition(
        name="tags",
        group=Group.PROFILE,
        params=TagsParams,
        zh="标签",
        en="Tags",
        ask=_tags,
        words=_tags_words,
        example={"anyOf": ["01930000-0000-7000-8000-000000000001"]},
        todays=True,
    )
)
