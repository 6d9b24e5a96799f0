"""The application on the run's database."""

from collections.abc import AsyncIterator

import pytest

from backend.db.units import Units
from backend.services import Services
from tasks.kernel.sealing import MasterKey
from tests.http.salon import Salon, open_salon
from tests.support.api import Api, quick_services


@pytest.fixture(scope="session")
def services(units: Units, master: MasterKey) -> Services:
    return quick_services(units, master)


@pytest.fixture(scope="session")
async def api(services: Services) -> AsyncIterator[Api]:
    made = Api.of(services)
    yield made
    await made.client.aclose()


@pytest.fixture
async def salon(services: Services, api: Api) -> Salon:
    return await open_salon(services, api)
