"""The one place that reaches into the Firebase SDK.

Its messaging service has no public way to be closed in a running loop, to be told not to retry by itself, or to be pointed at another server.
Everything hangs from one private name, `messaging._get_messaging_service`. tests/unit/push/test_firebase_inside.py says when an update of the SDK moves it.
"""

from typing import Any

from firebase_admin import App, messaging


def _service(app: App) -> Any:
    return messaging._get_messaging_service(app)  # noqa: SLF001  # the one private name


def ask_once(app: App) -> None:
    """Make each send one request: attempts are counted, and waits are kept, in our outbox; the SDK would try five times and not look at Retry-After."""
    for transport in _transports(app):
        transport._retry.retries_left = 0  # noqa: SLF001  # as above


def point_at(app: App, endpoint: str) -> None:
    """Send to another server than Google's: for tests."""
    service = _service(app)
    service._fcm_url = f"{endpoint}/v1/projects/{app.project_id}/messages:send"  # noqa: SLF001  # as above


async def close(app: App) -> None:
    """Close the connections in the loop they belong to; the SDK's own way starts a loop of its own and fails in a running one."""
    await _service(app)._async_client.aclose()  # noqa: SLF001  # as above


def _transports(app: App) -> list[Any]:
    return list(_service(app)._async_client._mounts.values())  # noqa: SLF001  # as above
