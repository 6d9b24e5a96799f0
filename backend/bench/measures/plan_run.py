"""S1: a plan run, the whole pipeline, against INSERT … SELECT of the rows it wrote into all the same tables."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from backend.bench.clocks import Rounds
from backend.bench.crowds import Crowd, found_crowd
from backend.bench.figures import Benchmark, Measured, NotTheWork, Scale, at_most
from backend.bench.floors import insert_floor
from backend.bench.stage import Database, Stage
from backend.db.clock import set_clock
from tasks.flow.manage_plans import activate, create_plan
from tasks.flow.run_occurrence import run_occurrence
from tasks.flow.run_plans import SweepReport, plan_ahead
from tasks.plans.occurrences import claim

CROWDS: Final = {Scale.SMALL: Crowd(100_000), Scale.FULL: Crowd(1_000_000)}
ROUNDS: Final = 3
FIRES_AT: Final = datetime(2026, 6, 1, 2, tzinfo=UTC)
"""Monday, 10:00 in the stores: when `card_balance_low` fires."""
TABLES: Final = ("enrolment", "task", "task_reason", "decision", "task_change")
"""Every table a run adds rows to, referenced ones first."""


async def run(stage: Stage, scale: Scale) -> Measured:
    """Each round is the first run on a fresh database: the plan's tables are empty and have no statistics."""
    crowd = CROWDS[scale]
    merchant_id = await stage.template("chain", lambda database: found_due(database, crowd))
    rounds, told = Rounds(), {}
    for turn in range(1, ROUNDS + 1):
        async with stage.database("chain") as database:
            told = await _run(database, merchant_id, rounds)
            if told["decisions"] != crowd.matched:
                raise NotTheWork(f"{told['decisions']} decisions for {crowd.matched} cards")
            told["rowsWritten"] = await insert_floor(database, merchant_id, rounds, TABLES)
        stage.say(f"  round {turn} of {ROUNDS}: {rounds.work[-1].wall:.1f} s, floor {rounds.floor[-1].wall:.1f} s")
    tasks = round(told["rowsWritten"]["task"] / rounds.seconds)
    return Measured(rounds.ratio, {"customers": crowd.customers, "tasksPerSecond": tasks, **told, **rounds.detail()})


async def found_due(database: Database, crowd: Crowd) -> UUID:
    """The chain with the plan turned on and its firing written."""
    await turn_clock(database, FIRES_AT - timedelta(hours=1))
    merchant_id = await found_crowd(database, crowd)
    await turn_clock(database, FIRES_AT - timedelta(minutes=1))
    async with database.units.open(merchant_id) as unit:
        plan = await create_plan(unit, "card_balance_low")
        await activate(unit, plan.id)
    await plan_ahead(database.units, merchant_id, SweepReport())
    return merchant_id


async def turn_clock(database: Database, at: datetime) -> None:
    """Set business time; it keeps ticking."""
    async with database.units.nameless() as session:
        await set_clock(session, at)


async def _run(database: Database, merchant_id: UUID, rounds: Rounds) -> dict[str, Any]:
    await turn_clock(database, FIRES_AT + timedelta(seconds=5))
    async with rounds.working(database):
        async with database.units.open(merchant_id) as unit:
            held = await claim(unit)
        if held is None:
            raise NotTheWork("no firing is due")
        chunks = await run_occurrence(database.units, merchant_id, held)
    async with database.units.glance(merchant_id) as unit:
        rows = await unit.rows(
            "select decided, reason, count(*) as n from decision where merchant_id = :merchant group by 1, 2 order by 1, 2"
        )
    decided = {f"{row['decided']}:{row['reason']}" if row["reason"] else row["decided"]: row["n"] for row in rows}
    return {"chunks": chunks, "decisions": sum(decided.values()), "decided": decided}


BENCHMARK: Final = Benchmark(
    "S1", "plan run, whole pipeline, against INSERT … SELECT of the same rows", at_most(2.0), run
)
