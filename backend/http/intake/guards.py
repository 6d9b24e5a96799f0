"""Intake takes API keys that may write."""

from litestar.di import Provide

from backend.auth.api_keys import KeyScope
from backend.http.session import api_key, key_dependencies

GUARDS = [api_key]
DEPENDENCIES: dict[str, Provide] = key_dependencies(KeyScope.INTAKE_WRITE)
