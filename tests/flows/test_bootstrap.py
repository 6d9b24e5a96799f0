"""One answer after log-in, its mark, and the library of scripts."""

from datetime import date, time, timedelta

import pytest

from backend.db.units import Units
from scripts.catalog import SCENES
from scripts.locales import Locale
from tasks.flow.bootstrap import Started, bootstrap
from tasks.flow.browse_scripts import ScriptLibrary, browse_scripts
from tasks.flow.close_store import close_store
from tasks.kernel.errors import NotFound
from tasks.kernel.scope import Role
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.plans import rows
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, stores=2, employees=4)


async def started(world: World, who: str = "E1", locale: Locale = "zh-CN") -> Started:
    return await world.do(lambda unit: bootstrap(unit, world.scope(who), locale, "1.2.3"))


async def library(world: World, scene: str | None, locale: Locale = "zh-CN") -> ScriptLibrary:
    return await world.do(lambda unit: browse_scripts(unit, scene, locale))


async def test_an_employee_sees_the_own_store_and_who_works_there(world: World, clock: TestClock) -> None:
    await world.do(
        lambda unit: close_store(unit, world.stores["S1"], date(2026, 4, 4), date(2026, 4, 5), reason="清明")
    )
    await world.do(lambda unit: close_store(unit, world.stores["S1"], date(2026, 1, 1), date(2026, 1, 1)))
    await world.do(lambda unit: close_store(unit, world.stores["S1"], date(2026, 10, 1), date(2026, 10, 7)))
    answer = (await started(world)).answer
    assert (answer.me.name, answer.me.role, answer.minimum_app_version) == ("员工1", Role.EMPLOYEE, "1.2.3")
    assert (answer.merchant.name, answer.server_time) == ("测试沙龙", answer.server_time)
    (store,) = answer.stores
    assert (store.code, store.role, store.pool, len(store.hours)) == ("S1", Role.EMPLOYEE, True, 7)
    assert [(one.from_on, one.to_on, one.reason) for one in store.closures] == [
        (date(2026, 4, 4), date(2026, 4, 5), "清明")
    ]
    assert {one.name for one in store.colleagues} == {"老板", "店长", "员工1", "员工3"}
    assert (answer.contact_window[0].opens, answer.contact_window[6].closes) == (time(9, 30), time(21))
    assert abs(answer.server_time - await clock.now()) < timedelta(minutes=1)


async def test_who_leads_is_told_so_per_store(world: World) -> None:
    assert [store.role for store in (await started(world, "manager")).answer.stores] == [Role.MANAGER, Role.MANAGER]
    assert [store.role for store in (await started(world, "owner")).answer.stores] == [Role.OWNER, Role.OWNER]


async def test_what_can_be_logged_is_there_in_the_callers_language(world: World) -> None:
    chinese, english = (await started(world)).answer, (await started(world, locale="en")).answer
    codes = [one.code for one in chinese.outcomes]
    assert {"booked", "no_answer", "callback_requested", "refused_contact"} <= set(codes)
    assert [one.code for one in english.outcomes] == codes
    assert {one.label for one in chinese.outcomes}.isdisjoint(one.label for one in english.outcomes)
    assert set(chinese.outcomes_without_task) <= set(codes)
    assert "no_answer" not in chinese.outcomes_without_task


async def test_the_mark_changes_with_everything_but_the_time(world: World, clock: TestClock) -> None:
    first = (await started(world)).tag
    await clock.advance(minutes=5)
    assert (await started(world)).tag == first
    assert (await started(world, "E3")).tag != first
    assert (await started(world, locale="en")).tag != first
    await rows(world, "update store set name = '新店名' where merchant_id = :merchant returning id")
    assert (await started(world)).tag != first


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
async def test_every_scene_can_be_browsed(world: World, locale: Locale) -> None:
    scenes = (await library(world, None, locale)).scenes
    assert [scene.code for scene in scenes] == list(SCENES)
    for scene in scenes:
        found = await library(world, scene.code, locale)
        assert found.scene == scene.code
        assert 0 < len(found.items) <= scene.variants
        assert all(one.text and "{" not in one.text for one in found.items)
    with pytest.raises(NotFound):
        await library(world, "no_such_scene")


async def test_texts_speak_of_health_only_where_they_may(world: World) -> None:
    async def texts() -> set[str]:
        return {one.text for scene in SCENES for one in (await library(world, scene)).items}

    silent = await texts()
    assert not [text for text in silent if "对酒精过敏" in text]
    await rows(
        world,
        "update merchant set settings = '{\"sensitiveInTexts\": true}'::jsonb where merchant_id = :merchant returning name",
    )
    assert (await texts()) - silent
