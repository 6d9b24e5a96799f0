"""Conditions of what was bought."""

from typing import Annotated

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import Code, Days
from tasks.audience.references import MOST_NAMED, ProductId
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words


class BoughtParams(Params, frozen=True):
    """Lines of a quantity above zero, of any of these products or categories (of whatever, if none is named), in the last days; today counts."""

    within_days: Days
    products: Annotated[tuple[ProductId, ...], msgspec.Meta(max_length=MOST_NAMED)] = ()
    categories: Annotated[tuple[Code, ...], msgspec.Meta(max_length=MOST_NAMED)] = ()
    bought: bool = True


def _bought(params: BoughtParams, binds: Binds) -> Asked:
    wanted = []
    if params.products:
        wanted.append(f"l.product_id = any({binds.add(list(params.products), 'uuid[]')})")
    if params.categories:
        wanted.append(
            "l.product_id in (select p.id from product p where p.merchant_id = :merchant "
            f"and p.category = any({binds.add(list(params.categories), 'text[]')}))"
        )
    which = f"({' or '.join(wanted)})" if wanted else "true"
    return Some(
        source="sale s join sale_line l on l.merchant_id = s.merchant_id and l.sale_id = s.id",
        who="s.customer_id",
        merchant="s.merchant_id",
        where=f"s.sold_on >= {binds.days_ago(params.within_days)} and s.sold_at <= {{until}} and l.quantity > 0 and {which}",
        none=not params.bought,
        seen="max(s.sold_on)::text",
    )


def _bought_words(params: BoughtParams, words: Words) -> str:
    named = [words.named(params.products)] if params.products else []
    what = words.either([*named, *params.categories]) or words.say("任何商品", "anything")
    if params.bought:
        return words.say("近 {} 天买过{}", "bought {1} in the last {0} days", params.within_days, what)
    return words.say("近 {} 天没买过{}", "did not buy {1} in the last {0} days", params.within_days, what)


register(
    Condition(
        name="bought",
        group=Group.CONSUMPTION,
        params=BoughtParams,
        zh="买过商品、项目或分类",
        en="Bought a product, service or category",
        ask=_bought,
        words=_bought_words,
        example={"withinDays": 90, "categories": ["lash"]},
    )
)
