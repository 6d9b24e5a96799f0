"""Generated plans in generated salons over weeks: what the engine decides, and the tasks it makes, equal what a plain reading of engine.md says."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock
from tests.support.plans import rows
from tests.support.reference_play import Play
from tests.support.reference_stories import Story, stories
from tests.support.world import make_world

PLAIN = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.large_base_example],
    database=None,
    print_blob=True,
)
"""Chance anew each time; a failure prints the line that brings its story back."""


OVERWORKED = """
with given as (
    select s.id, s.max_open, case when extract(isodow from t.opens_on) >= 6 then s.max_new_weekend else s.max_new_weekday end as most, t.opens_on,
        t.status in ('queued', 'open', 'in_progress', 'waiting') as live
    from staff s join task t on t.merchant_id = :merchant and t.assignee_id = s.id
    where s.merchant_id = :merchant and exists (select from membership m where m.merchant_id = :merchant and m.staff_id = s.id and m.role = 'employee'))
select id from given where live group by id, max_open having count(*) > max_open
union all select id from given group by id, opens_on, most having count(*) > most
union all select t.id from task t join store st on st.merchant_id = :merchant and st.id = t.store_id
where t.merchant_id = :merchant and t.assignee_id is null and not st.pool
"""
"""Employees with more live tasks, or more new ones of a day, than they may have; live tasks that are neither anybody's nor in a pool."""


async def live_through(units: Units, master: MasterKey, clock: TestClock, story: Story) -> None:
    """The engine and the reference live through the story and say the same; nobody has more work than she may have, and no task is nobody's."""
    world = await make_world(units, master, stores=story.stores, employees=len(story.staff))
    play = Play(world, clock, story)
    await play.prologue()
    await play.play()
    same(await play.decided(), play.expected(), story)
    same(await play.tasks(), play.expected_tasks(), story)
    assert await rows(world, OVERWORKED) == []


def same(found: list[tuple[Any, ...]], expected: list[tuple[Any, ...]], story: Story) -> None:
    """Fail with what one of them says and the other does not."""
    more = [one for one in found if one not in expected]
    less = [one for one in expected if one not in found]
    assert found == expected, f"engine alone: {more[:6]}\nreference alone: {less[:6]}\n{story}"


@given(story=stories(days=8))
@settings(PLAIN, max_examples=15)
async def test_the_engine_decides_as_the_rules_say(
    units: Units, master: MasterKey, clock: TestClock, story: Story
) -> None:
    await live_through(units, master, clock, story)


@pytest.mark.faults
@given(story=stories(days=22))
@settings(PLAIN, max_examples=120)
async def test_the_engine_decides_as_the_rules_say_for_weeks(
    units: Units, master: MasterKey, clock: TestClock, story: Story
) -> None:
    await live_through(units, master, clock, story)
