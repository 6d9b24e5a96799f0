"""Everybody who works for the merchant."""

from litestar.di import Provide

from backend.http.session import staff_dependencies, staff_token
from tasks.kernel.scope import Role

GUARDS = [staff_token]
DEPENDENCIES: dict[str, Provide] = staff_dependencies(Role.EMPLOYEE, leading=False)
