"""Everybody who works for the merchant."""

from litestar.di import Provide

from backend.http.session import looking_dependencies, staff_dependencies, staff_token
from tasks.kernel.scope import Role

GUARDS = [staff_token]
DEPENDENCIES: dict[str, Provide] = staff_dependencies(Role.EMPLOYEE, leading=False)
LOOKING: dict[str, Provide] = looking_dependencies(Role.EMPLOYEE, leading=False)
"""For calls that open units of their own, or none for long."""
