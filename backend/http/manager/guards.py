"""Managers, in the stores they lead, and owners, in all."""

from litestar.di import Provide

from backend.http.session import looking_dependencies, staff_dependencies, staff_token
from tasks.kernel.scope import Role

GUARDS = [staff_token]
DEPENDENCIES: dict[str, Provide] = staff_dependencies(Role.MANAGER, leading=True)
LOOKING: dict[str, Provide] = looking_dependencies(Role.MANAGER, leading=True)
