"""Owners only."""

from litestar.di import Provide

from backend.http.session import looking_dependencies, staff_dependencies, staff_token
from tasks.kernel.scope import Role

GUARDS = [staff_token]
DEPENDENCIES: dict[str, Provide] = staff_dependencies(Role.OWNER, leading=True)
LOOKING: dict[str, Provide] = looking_dependencies(Role.OWNER, leading=True)
