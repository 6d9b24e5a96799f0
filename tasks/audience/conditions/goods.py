"""Conditions of what was bought."""

from typing import Annotated

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import Code
from tasks.audience.references import MOST_NAMED, ProductId
from tasks.audience.registry import Condition, register
from tasks.audience.states import Group
from tasks.audience.windows import Window, in_window, window_words
from tasks.audience.wording import Words

_BOUGHT = """(select s.merchant_id, s.customer_id, max(s.sold_on) filter (where l.quantity > 0) as bought_on
from sale s join sale_line l on l.merchant_id = s.merchant_id and l.sale_id = s.id
where s.merchant_id = :merchant and s.customer_id is not null and {window} and s.sold_at <= {{until}} and {which}
group by s.merchant_id, s.customer_id, l.product_id having sum(l.quantity) > 0) b"""


class BoughtParams(Window, frozen=True):
    """Any of these products (services and cards sold as a line too) or of these categories, of whatever if none is named, in a window of days.

    What she took back counts off: a product was bought when more of it was bought than returned in the window. `bought: false` asks for the opposite.
    """

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
        source=_BOUGHT.format(window=in_window("s.sold_on", params, binds), which=which),
        who="b.customer_id",
        merchant="b.merchant_id",
        none=not params.bought,
        seen="max(b.bought_on)::text",
    )


def _bought_words(params: BoughtParams, words: Words) -> str:
    named = [words.named(params.products)] if params.products else []
    what = words.either([*named, *filter(None, [words.coded("category", params.categories)])]) or words.say(
        "任何商品", "anything"
    )
    if params.bought:
        return words.say("{}买过{}", "bought {1} {0}", window_words(params, words), what)
    return words.say("{}没买过{}", "did not buy {1} {0}", window_words(params, words), what)


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
