"""`huifang demo` as people run it: the whole walk over HTTP, and every way to interrupt it."""

import json
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend import embedded
from tests.support.processes import environment, huifang, nothing_runs, processes_of, running
from tests.support.waiting import until

STORY = "login today open copy reveal no_answer back booked arrived manager completion by_plan".split()  # noqa: SIM905  # reads as the story


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the demo is started; its home is `.huifang-demo` in it."""
    made = Path(tempfile.mkdtemp(prefix="huifang-test-"))
    yield made
    embedded.stop(made / ".huifang-demo")
    shutil.rmtree(made)


async def test_the_demo_walks_the_main_job_and_leaves_nothing_running(folder: Path) -> None:
    env = environment(database_url="postgresql://nobody@/somebody-elses-real-data")
    shown = (await huifang("demo", "--once", "--json", "--port", "0", env=env, cwd=folder)).answer
    assert processes_of(folder) == []

    steps = {step["name"]: step for step in shown["steps"]}
    assert list(steps) == STORY
    assert all(200 <= step["status"] < 300 for step in shown["steps"])
    assert [one["role"] for one in shown["logins"]] == ["owner", "manager", "manager"] + ["employee"] * 8
    task = steps["open"]["answer"]
    assert task["customer"]["nickname"] == "小红"
    assert task["lastVisit"]["staff"] == "王丽"
    assert any("小红" in script["text"] for script in task["scripts"])
    assert steps["no_answer"]["answer"]["status"] == "waiting"
    assert task["id"] in [row["id"] for row in steps["back"]["answer"]["items"]]
    assert steps["booked"]["answer"]["status"] == "done"
    assert [one["status"] for one in steps["arrived"]["answer"]["results"]] == ["accepted"]
    by_plan = {row["name"]: row for row in steps["by_plan"]["answer"]["items"]}
    assert by_plan["新客二次到店"]["arrived"] >= 1
    assert by_plan["新客二次到店"]["cashCents"] >= 39_800
    assert "huifang-demo" not in json.dumps(shown["steps"]), "no password and no token in what is printed"


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("moment", ["starting", "up"])
async def test_an_interrupted_demo_leaves_nothing_running(folder: Path, blow: signal.Signals, moment: str) -> None:
    async def servers_are_there() -> bool:
        return (folder / ".huifang-demo" / "postgres" / "data" / "postmaster.pid").exists()

    async with running("demo", "--port", "0", env=environment(), cwd=folder) as demo:
        if moment == "starting":
            await until(servers_are_there)
        else:
            await demo.prints("Still up")
            again = await huifang("demo", "--once", env=environment(), cwd=folder)
            assert (again.code, again.err) == (1, "huifang: a demo is running here already\n")
        demo.signal(blow)
        await demo.ends()
    await until(lambda: nothing_runs(folder), within=20)
