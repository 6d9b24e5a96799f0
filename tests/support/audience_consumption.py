"""What the conditions of consumption mean, said plainly over rows."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from uuid import UUID

from tests.support.audience_books import Hers, Row, keeps, near_or_far, newest, within


def _paid(sale: Row) -> bool:
    return bool(sale["cash_cents"] + sale["card_cents"] > 0)


def _visits(her: Hers) -> list[Row]:
    return her.rows("visit", "visited_at")


def _sales(her: Hers, window: Row) -> list[Row]:
    return [one for one in her.rows("sale", "sold_at") if within(one["sold_on"], window, her.today)]


def last_visit(her: Hers, said: Row) -> bool:
    return near_or_far(newest(one["visited_on"] for one in _visits(her)), said, her.today)


def first_visit(her: Hers, said: Row) -> bool:
    return near_or_far(min((one["visited_on"] for one in _visits(her)), default=None), said, her.today)


def visit_count(her: Hers, said: Row) -> bool:
    return keeps(len(_visits(her)), said)


def visits_in_period(her: Hers, said: Row) -> bool:
    return keeps(sum(within(one["visited_on"], said, her.today) for one in _visits(her)), said)


def first_purchase(her: Hers, said: Row) -> bool:
    paid = [her.day(one["sold_at"]) for one in _sales(her, {}) if _paid(one)]
    return near_or_far(min(paid, default=None), said, her.today)


def last_purchase(her: Hers, said: Row) -> bool:
    return near_or_far(newest(her.day(one["sold_at"]) for one in _sales(her, {}) if _paid(one)), said, her.today)


def _spent(her: Hers, said: Row) -> int:
    column = "card_cents" if said.get("basis") == "consumed" else "cash_cents"
    return sum(one[column] for one in _sales(her, said))


def spend(her: Hers, said: Row) -> bool:
    return keeps(_spent(her, said), said)


def highest_payment(her: Hers, said: Row) -> bool:
    return keeps(max((one["cash_cents"] + one["card_cents"] for one in _sales(her, {}) if _paid(one)), default=0), said)


def average_ticket(her: Hers, said: Row) -> bool:
    purchases = sum(map(_paid, _sales(her, said)))
    if not purchases:
        return False
    return keeps(int((Decimal(_spent(her, said)) / purchases).quantize(Decimal(1), ROUND_HALF_UP)), said)


def bought(her: Hers, said: Row) -> bool:
    sales = {one["id"] for one in _sales(her, said)}
    categories = {one["id"]: one["category"] for one in her.all("product")}
    anything = not said.get("products") and not said.get("categories")
    net: defaultdict[UUID | None, Decimal] = defaultdict(Decimal)
    for line in her.all("sale_line"):
        product = line["product_id"]
        named = str(product) in said.get("products", ()) or (
            categories.get(product) is not None and categories[product] in said.get("categories", ())
        )
        if line["sale_id"] in sales and (anything or named):
            net[product] += line["quantity"]
    return any(quantity > 0 for quantity in net.values()) is said.get("bought", True)


def served_by(her: Hers, said: Row) -> bool:
    asked = said.get("requested", False)
    sales = {one["id"] for one in _sales(her, said)}
    lines = [one for one in her.all("sale_line") if one["sale_id"] in sales and one["quantity"] > 0]
    keys = {(one["sale_id"], one["line_no"]) for one in lines}
    hands = lines + [one for one in her.all("sale_line_helper") if (one["sale_id"], one["line_no"]) in keys]
    who = {one["staff_id"] for one in hands if one["requested"] or not asked}
    if not asked:
        who |= {one["served_by"] for one in _visits(her) if within(one["visited_on"], said, her.today)}
    return bool({str(one) for one in who} & set(said["staff"])) is said.get("served", True)


def _last_day(her: Hers) -> date | None:
    return newest(one["visited_on"] for one in _visits(her))


def last_service(her: Hers, said: Row) -> bool:
    day = _last_day(her)
    if day is None:
        return False
    had = {one["product_id"] for one in _visits(her) if one["visited_on"] == day}
    sales = {one["id"] for one in _sales(her, {}) if one["sold_on"] == day}
    net: defaultdict[UUID | None, Decimal] = defaultdict(Decimal)
    for line in her.all("sale_line"):
        if line["sale_id"] in sales:
            net[line["product_id"]] += line["quantity"]
    had |= {product for product, quantity in net.items() if quantity > 0}
    categories = {one["id"]: one["category"] for one in her.all("product")}
    named, coded = said.get("products", ()), said.get("categories", ())
    return any(str(one) in named or categories[one] in coded for one in had if one is not None)


def last_ticket(her: Hers, said: Row) -> bool:
    day = _last_day(her)
    paid = sum(one["cash_cents"] + one["card_cents"] for one in _sales(her, {}) if one["sold_on"] == day)
    return day is not None and keeps(paid, said)


def milestone(her: Hers, said: Row) -> bool:
    if said.get("since") == "first_visit":
        first = min((one["visited_on"] for one in _visits(her)), default=None)
    else:
        first = min((her.day(one["sold_at"]) for one in _sales(her, {}) if _paid(one)), default=None)
    if first is None:
        return False
    years = her.today.year - first.year
    day = (2, 28) if (first.month, first.day) == (2, 29) and not _leap(her.today.year) else (first.month, first.day)
    yearly = said.get("yearly", False) and years >= 2 and (her.today.month, her.today.day) == day
    return yearly or (her.today - first).days in said.get("days", ())


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


CONSUMPTION: Final[Mapping[str, Callable[[Hers, Row], bool]]] = {
    one.__name__: one
    for one in (
        last_visit, first_visit, visit_count, visits_in_period, first_purchase, last_purchase, spend, highest_payment, average_ticket, bought, served_by,
        last_service, last_ticket, milestone,
    )
}  # fmt: skip


CARD_EVENTS: Final = ("card_used", "card_topped_up", "card_closed")


def _happened(her: Hers, said: Row) -> list[Row]:
    entries = {one["id"]: one["card_id"] for one in her.all("card_entry")}
    owners = {one["id"]: one["customer_id"] for one in her.all("card")}
    found = []
    for one in her.all("event"):
        owner = (
            owners[entries[one["ledger_id"]]]
            if said["event"] in CARD_EVENTS and one["ledger_id"] in entries
            else one["customer_id"]
        )
        counts = one["type"] == said["event"] and owner == her.id and one["state"] in ("accepted", "set_aside")
        if counts and one["occurred_at"] <= her.until and within(her.day(one["occurred_at"]), said, her.today):
            found.append(one)
    return [one for one in found if all(_fits(her, one["id"], wanted) for wanted in said.get("filters", ()))]


def _field(her: Hers, event: UUID, name: str) -> Any:
    """The value of an event's field: a text, a Decimal, a day, or None without one."""
    for one in her.all("event_field"):
        if (one["event_id"], one["name"]) == (event, name):
            number = one["number_milli"]
            return Decimal(number) / 1000 if number is not None else one["text_value"] or one["day_value"]
    return None


def _fits(her: Hers, event: UUID, wanted: Row) -> bool:
    found, asked, op = _field(her, event, wanted["field"]), wanted["value"], wanted.get("op", "equals")
    if isinstance(found, date):
        found = found.isoformat()
    if not isinstance(asked, str):
        asked = Decimal(str(asked)) if not isinstance(asked, bool) else Decimal(int(asked))
    if op in ("equals", "not_equals"):
        return (type(found) is type(asked) and found == asked) is (op == "equals")
    if type(found) is not type(asked):
        return False
    compared = {
        "at_least": found >= asked,
        "at_most": found <= asked,
        "above": found > asked,
        "below": found < asked,
    }
    return bool(compared[op])


def event_count(her: Hers, said: Row) -> bool:
    return keeps(len(_happened(her, said)), said)


def event_sum(her: Hers, said: Row) -> bool:
    found = [_field(her, one["id"], said["field"]) for one in _happened(her, said)]
    bounds = {name: Decimal(str(value)) for name, value in said.items() if isinstance(value, int | float)}
    return keeps(sum((one for one in found if isinstance(one, Decimal)), Decimal(0)), bounds)  # type: ignore[arg-type]  # decimals compare as numbers do
