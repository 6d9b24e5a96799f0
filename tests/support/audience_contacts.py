"""What the conditions of contact mean, said plainly over rows."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from tests.support.audience_books import Hers, Row, keeps, near_or_far, newest, within

LIVE: Final = ("queued", "open", "in_progress", "waiting")


def _contacts(her: Hers, said: Row) -> list[Row]:
    """Her contacts by the channels and staff that are asked for."""
    return [
        one
        for one in her.rows("contact", "contacted_at")
        if (not said.get("channels") or one["channel"] in said["channels"])
        and (not said.get("staff") or str(one["staff_id"]) in said["staff"])
    ]


def _in(her: Hers, said: Row) -> list[Row]:
    return [one for one in _contacts(her, said) if within(one["contacted_on"], said, her.today)]


def _percent(part: int, whole: int, said: Row) -> bool:
    return whole > 0 and keeps(Fraction(100 * part, whole), said)  # type: ignore[arg-type]  # fractions compare as numbers do


def last_contacted(her: Hers, said: Row) -> bool:
    return near_or_far(newest(one["contacted_on"] for one in _contacts(her, said)), said, her.today)


def contacts_in_period(her: Hers, said: Row) -> bool:
    return keeps(sum(one["reached"] or not said.get("replied", False) for one in _in(her, said)), said)


def reply_rate(her: Hers, said: Row) -> bool:
    found = _in(her, said)
    return _percent(sum(one["reached"] for one in found), len(found), said)


def last_outcome(her: Hers, said: Row) -> bool:
    rows = her.rows("callback", "occurred_at")
    corrected = {one["corrects"] for one in rows}
    left = sorted((one["occurred_at"], one["id"], one["outcome"]) for one in rows if one["id"] not in corrected)
    if not left:
        return False
    at, _, outcome = left[-1]
    near = "withinDays" not in said or (her.today - her.day(at)).days <= said["withinDays"]
    return near and outcome in said["isOneOf"]


def _open(her: Hers, row: Row) -> bool:
    """A task by its state; of a past day, a task or reason by when it closed."""
    column, states = ("status", LIVE) if "status" in row else ("state", ("live",))
    return row[column] in states if not her.past else row["closed_at"] is None or row["closed_at"] > her.until


def open_task(her: Hers, said: Row) -> bool:
    found = [one["id"] for one in her.rows("task", "created_at") if _open(her, one)]
    if said.get("plans"):
        reasons = [
            one
            for one in her.all("task_reason")
            if str(one["plan_id"]) in said["plans"] and one["created_at"] <= her.until and _open(her, one)
        ]
        found = [task for task in found if task in {one["task_id"] for one in reasons}]
    return bool(found) is said.get("exists", True)


def future_appointment(her: Hers, said: Row) -> bool:
    def stands(one: Row) -> bool:
        if her.past:
            called_off = one["status"] == "cancelled" and not (one["cancelled_at"] and one["cancelled_at"] > her.until)
            known = one["booked_at"] is None or one["booked_at"] <= her.until
        else:
            called_off, known = one["status"] == "cancelled", True
        over = one["status"] in ("arrived", "missed") and one["starts_at"] <= her.at
        return known and not called_off and not over

    last = her.today + timedelta(days=said["withinDays"]) if "withinDays" in said else date.max
    found = [one for one in her.rows("appointment") if her.today <= one["starts_on"] <= last and stands(one)]
    return bool(found) is said.get("exists", True)


def unconfirmed_appointment(her: Hers, said: Row) -> bool:
    """Whether she said yes has no history: what is so today is used."""
    last = her.today + timedelta(days=said["withinDays"])
    return any(
        one["status"] == "booked"
        and her.today <= one["starts_on"] <= last
        and one["starts_at"] > her.at
        and (not her.past or one["booked_at"] is None or one["booked_at"] <= her.until)
        for one in her.rows("appointment")
    )


def no_show_rate(her: Hers, said: Row) -> bool:
    over = [
        one["status"]
        for one in her.rows("appointment")
        if one["starts_at"] <= her.at
        and one["status"] in ("arrived", "missed")
        and within(one["starts_on"], said, her.today)
    ]
    return _percent(over.count("missed"), len(over), said)


def promise_kept_rate(her: Hers, said: Row) -> bool:
    settled = [
        one["state"]
        for one in her.rows("promise", "settled_at")
        if one["state"] in ("kept", "broken") and within(one["promised_on"], said, her.today)
    ]
    return _percent(settled.count("kept"), len(settled), said)


def contact_allowed(her: Hers, said: Row) -> bool:
    (state,) = her.rows("customer_contact_state")
    phone, wechat = not state["no_phone_at"], not state["no_wechat_at"]
    way = {"phone": phone, "wechat": wechat, "any": phone or wechat}[said.get("channel", "any")]
    calm = not state["complaint_at"] and (
        state["marketing_frozen_until"] is None or state["marketing_frozen_until"] <= her.at
    )
    person, machine = _consent(her, "person"), _consent(her, "automatic")
    allowed = not state["no_contact_at"] and way and person is not False
    if said.get("purpose") == "marketing":
        allowed = allowed and calm
    if said.get("automatic", False):
        allowed = allowed and machine is True
    return allowed is said.get("allowed", True)


def _consent(her: Hers, kind: str) -> Any:
    """What she said last; None when she was never asked. There is no history of refusals, so what she says today is used."""
    rows = sorted((one["at"], one["id"], one["granted"]) for one in her.rows("consent") if one["kind"] == kind)
    return rows[-1][2] if rows else None


CONTACT: Final[Mapping[str, Callable[[Hers, Row], bool]]] = {
    one.__name__: one
    for one in (
        last_contacted, contacts_in_period, reply_rate, last_outcome, open_task, future_appointment, unconfirmed_appointment,
        no_show_rate, promise_kept_rate, contact_allowed,
    )
}  # fmt: skip
