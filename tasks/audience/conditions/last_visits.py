"""Conditions of what the last day on which she came was like: what was done, and what was paid. Whoever never came has no such day."""

from typing import Annotated, Final

import msgspec

from tasks.audience.asking import Asked, Row
from tasks.audience.binds import Binds
from tasks.audience.bounds import Amounts, Code, bounded
from tasks.audience.references import MOST_NAMED, ProductId
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Seen, Words

_SALES: Final = (
    "from sale s {join} where s.merchant_id = cu.merchant_id and s.customer_id = cu.id and s.sold_on = f.last_visit_on "
    "and s.sold_at <= {{until}}"
)
_LINES: Final = _SALES.format(join="join sale_line l on l.merchant_id = s.merchant_id and l.sale_id = s.id")
_VISITS: Final = (
    "from visit v where v.merchant_id = cu.merchant_id and v.customer_id = cu.id and v.visited_on = f.last_visit_on "
    "and v.visited_at <= {until}"
)
_CATEGORY: Final = (
    "in (select p.id from product p where p.merchant_id = cu.merchant_id and p.category = any({categories}))"
)
_NAMES: Final = f"""(select string_agg(p.name, ', ' order by p.name) from product p where p.merchant_id = cu.merchant_id
    and p.id in (select v.product_id {_VISITS} union select l.product_id {_LINES} group by l.product_id having sum(l.quantity) > 0))"""


class LastServiceParams(Params, frozen=True):
    """On the last day on which she came she had any of these products, or one of these categories; what she took back the same day she did not have."""

    products: Annotated[tuple[ProductId, ...], msgspec.Meta(max_length=MOST_NAMED)] = ()
    categories: Annotated[tuple[Code, ...], msgspec.Meta(max_length=MOST_NAMED)] = ()

    def __post_init__(self) -> None:
        """Refuse what says nothing."""
        if not self.products and not self.categories:
            raise ValueError("needs one of: products, categories")


def _last_service(params: LastServiceParams, binds: Binds) -> Asked:
    parts = []
    if params.products:
        parts.append(f"{{column}} = any({binds.add(list(params.products), 'uuid[]')})")
    if params.categories:
        category = _CATEGORY.format(categories=binds.add(list(params.categories), "text[]"))
        parts.append(f"{{column}} {category}")
    which = f"({' or '.join(parts)})"
    visited = f"exists (select {_VISITS} and v.product_id is not null and {which.format(column='v.product_id')})"
    sold = f"exists (select {_LINES} and {which.format(column='l.product_id')} group by l.product_id having sum(l.quantity) > 0)"
    return Row(f"{visited} or {sold}", _NAMES)


def _last_service_words(params: LastServiceParams, words: Words) -> str:
    named = [words.named(params.products)] if params.products else []
    what = words.either([*named, *filter(None, [words.coded("category", params.categories)])])
    return words.say("上次到店做了{}", "had {} on the last visit", what)


register(
    Condition(
        name="last_service",
        group=Group.CONSUMPTION,
        params=LastServiceParams,
        zh="上次做的项目",
        en="Had on the last visit",
        ask=_last_service,
        words=_last_service_words,
        example={"categories": ["lash"]},
    )
)


class LastTicketParams(Amounts, frozen=True):
    """What she paid (分) on the last day on which she came, cash and card value together, refunds of that day taken off."""


def _last_ticket(params: LastTicketParams, binds: Binds) -> Asked:
    paid = f"(select coalesce(sum(s.cash_cents + s.card_cents), 0) {_SALES.format(join='').format(until='{until}')})"
    return Row(
        f"f.last_visit_on is not null and {bounded(paid, params, binds)}",
        f"case when f.last_visit_on is not null then {paid}::text end",
    )


def _last_ticket_words(params: LastTicketParams, words: Words) -> str:
    return words.say("上次到店消费{}", "ticket of the last visit {}", words.bounds(params, Seen.MONEY))


register(
    Condition(
        name="last_ticket",
        group=Group.CONSUMPTION,
        params=LastTicketParams,
        zh="上次到店消费金额",
        en="Ticket of the last visit",
        ask=_last_ticket,
        words=_last_ticket_words,
        example={"atLeast": 30_000},
        seen=Seen.MONEY,
    )
)
