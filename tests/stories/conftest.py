import pytest

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock
from tests.support.stories import Story, furnish
from tests.support.world import make_world


@pytest.fixture
async def story(units: Units, master: MasterKey, clock: TestClock) -> Story:
    """A salon with two employees, open every day."""
    world = await make_world(units, master, stores=1, employees=2)
    await furnish(world)
    return Story(world, clock)
