"""The conditions of visits and cards."""

from typing import Annotated

import msgspec

from tasks.audience.binds import Binds
from tasks.audience.registry import Condition, Params, register

Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Cents = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Days = Annotated[int, msgspec.Meta(ge=0, le=36_500)]


class VisitCountParams(Params, frozen=True):
    """Exactly `equals`, or between `at_least` and `at_most` (both inclusive)."""

    equals: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None


def _visit_count(params: VisitCountParams, binds: Binds) -> str:
    seen = "coalesce(f.visit_count, 0)"
    parts = [
        f"{seen} {sign} {binds.add(value, 'int')}"
        for sign, value in (("=", params.equals), (">=", params.at_least), ("<=", params.at_most))
        if value is not None
    ]
    return " and ".join(parts) or "true"


register(
    Condition(
        name="visit_count",
        params=VisitCountParams,
        zh="到店次数",
        en="Number of visits",
        sql=_visit_count,
        value="coalesce(f.visit_count, 0)::text",
    )
)


class CardBalanceParams(Params, frozen=True):
    """The card's balance (principal + gift, 分) is over `above` and at most `at_most`."""

    above: Cents | None = None
    at_most: Cents | None = None


def _card_balance(params: CardBalanceParams, binds: Binds) -> str:
    parts = ["kf.status = 'open'", "cp.kind = 'stored_value'"]
    if params.above is not None:
        parts.append(f"kf.balance_cents > {binds.add(params.above, 'bigint')}")
    if params.at_most is not None:
        parts.append(f"kf.balance_cents <= {binds.add(params.at_most, 'bigint')}")
    return " and ".join(parts)


register(
    Condition(
        name="card_balance",
        params=CardBalanceParams,
        zh="充值卡余额",
        en="Stored-value balance",
        sql=_card_balance,
        value="kf.balance_cents::text",
        of_card=True,
    )
)


class CardUsedParams(Params, frozen=True):
    """The card was used less than `within_days` times 24 hours ago."""

    within_days: Days


def _card_used(params: CardUsedParams, binds: Binds) -> str:
    return f"coalesce(kf.last_used_at > cast({{at}} as timestamptz) - {binds.add(params.within_days, 'int')} * interval '1 day', false)"


register(
    Condition(
        name="card_used",
        params=CardUsedParams,
        zh="近期用过这张卡",
        en="Card used lately",
        sql=_card_used,
        value="kf.last_used_at::text",
        of_card=True,
    )
)


class PromoCardParams(Params, frozen=True):
    """The customer holds an open promotional card with value left, or does not."""

    held: bool


def _promo_card(params: PromoCardParams, binds: Binds) -> str:
    wanted = binds.add(params.held, "boolean")
    return (
        "(exists (select from card pk join card_product pp on pp.merchant_id = pk.merchant_id and pp.id = pk.card_product_id and pp.promo "
        "join {card_facts} pf on pf.merchant_id = pk.merchant_id and pf.card_id = pk.id "
        "and pf.status = 'open' and (pf.balance_cents > 0 or pf.uses_left > 0) "
        f"where pk.merchant_id = cu.merchant_id and pk.customer_id = cu.id)) = {wanted}"
    )


register(
    Condition(
        name="promo_card",
        params=PromoCardParams,
        zh="持有活动卡",
        en="Holds a promotional card",
        sql=_promo_card,
        value="null::text",
    )
)
