"""Log-out and password change need a token of any role; log-in and refresh need none."""

from litestar.di import Provide

from backend.http.session import staff_dependencies
from tasks.kernel.scope import Role

DEPENDENCIES: dict[str, Provide] = staff_dependencies(Role.EMPLOYEE, leading=False)
