"""What the demo shows on the terminal."""

from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Any, Final

import msgspec
import typer

from backend.cli.demo.people import ZONE
from backend.cli.demo.walk import Step
from backend.cli.together import Address
from tasks.kernel.zones import zone_of

MOST_ROWS: Final = 8
_WEEKDAYS: Final = "一二三四五六日"


class Login(msgspec.Struct, frozen=True):
    """Who can log in, and with what."""

    name: str
    role: str
    stores: tuple[str, ...]
    phone: str
    password: str


class Teller:
    """Says each step in a few lines; quiet when the answer is JSON."""

    def __init__(self, began: float, *, quiet: bool) -> None:
        self._began = began
        self._quiet = quiet
        self._number = 0
        self.first_task = 0.0

    def elapsed(self) -> float:
        """Seconds since the command began."""
        return round(monotonic() - self._began, 2)

    def say(self, line: str) -> None:
        """A line for the person."""
        if not self._quiet:
            typer.echo(line)

    def open(self, address: Address, logins: Sequence[Login]) -> None:
        """Where it is, and who may log in."""
        self.say(f"\n  API   {address.url}\n  docs  {address.docs}\n")
        for one in logins:
            self.say(
                f"  {one.role:<9} {one.name}  {'/'.join(one.stores):<6} phone {one.phone}  password {one.password}"
            )

    def step(self, step: Step) -> None:
        """What was done, and the gist of the answer."""
        if step.name == "today":
            self.first_task = self.elapsed()
        self._number += 1
        at = f"{step.clock:%m-%d} 周{_WEEKDAYS[step.clock.weekday()]} {step.clock:%H:%M}"
        title = typer.style(f"{self._number}. {step.about}", bold=True)
        self.say(f"\n{title}\n   {at}  {step.method} {step.path} → {step.status}")
        gist = _GISTS.get(step.name)
        for line in gist(step.answer) if gist else ():
            self.say(f"   {line}")


def _list(page: Any) -> list[str]:
    rows = [f"{row['nickname'] or '(无称呼)'}  {row['why']}{_tried(row['attempts'])}" for row in page["items"]]
    counts = "  ".join(f"{name} {count}" for name, count in page["counts"].items())
    return [*rows[:MOST_ROWS], *(["…"] if len(rows) > MOST_ROWS else []), counts]


def _tried(attempts: int) -> str:
    return f"  (已联系 {attempts} 次)" if attempts else ""


def _local(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(zone_of(ZONE)):%m-%d %H:%M}"


def _detail(task: Any) -> list[str]:
    visit = task["lastVisit"] or {}
    who = task["customer"]
    phones = " ".join(phone["masked"] for phone in who["phones"])
    return [
        f"{who['nickname']}  来源 {who['source']}  电话 {phones}",
        f"上次 {visit.get('visitedOn')} {visit.get('service')} ({visit.get('staff')})",
        f"原因 {task['why']}",
        *(f"话术 [{script['title']}] {script['text']}" for script in task["scripts"][:2]),
    ]


def _rows(answer: Any) -> list[str]:
    return [
        f"{row['name'] or '门店'}  派 {row['assigned']} 做 {row['attempted']} 约 {row['booked']} 到 {row['arrived']} "
        f"成交 {row['paid']}  ¥{row['cashCents'] / 100:.0f}"
        for row in answer["items"]
    ]


_GISTS: Final = {
    "today": _list,
    "open": _detail,
    "copy": lambda answer: [f"copy {answer['id']}"],
    "reveal": lambda answer: [f"phone {answer['phone']}"],
    "no_answer": lambda answer: [f"{answer['status']} until {_local(answer['waitUntil'])}"],
    "back": _list,
    "booked": lambda answer: [f"{answer['status']}, appointment {answer['appointmentId']}"],
    "arrived": lambda answer: [f"{one['status']} {one.get('id', '')}" for one in answer["results"]],
    "completion": _rows,
    "by_plan": _rows,
}
"""Step → what of its answer is worth a look."""
