"""The OpenAPI document, made from the code without any server."""

import json

from backend.app import create_app
from backend.db.engine import open_engine
from backend.db.units import Units
from backend.http.contract import contract
from backend.services import Services
from tasks.kernel.sealing import MasterKey

NOWHERE = "postgresql://nobody@/nothing"
"""No connection is made: the contract is in the routes."""


def openapi() -> str:
    """The contract as indented JSON, the same for the same code."""
    master = MasterKey(bytes(32))
    app = create_app(Services(units=Units(open_engine(NOWHERE), master), master=master))
    return json.dumps(contract(app), ensure_ascii=False, indent=2)
