"""`up`, `api`, `worker` and `migrate`."""

from typing import TYPE_CHECKING, Annotated

import typer

from backend.cli.commands.answers import AsJson
from backend.cli.edge import go, show

if TYPE_CHECKING:
    from backend.settings import Settings

Host = Annotated[str | None, typer.Option(help="Address to listen on (HUIFANG_HOST, 127.0.0.1).")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port (HUIFANG_PORT, 8460); 0 takes a free one.")]
Follow = Annotated[bool, typer.Option("--follow", hidden=True)]
Listener = Annotated[int | None, typer.Option("--listener", hidden=True)]


def up(host: Host = None, port: Port = None, as_json: AsJson = False) -> None:
    """Run everything: API, worker and, without HUIFANG_DATABASE_URL, private servers. Ctrl-C stops all of it."""

    async def work(settings: "Settings") -> None:
        from backend.cli.together import up

        await up(_at(settings, host, port), as_json=as_json)

    go(work)


def api(host: Host = None, port: Port = None, follow: Follow = False, listener: Listener = None) -> None:
    """Run the API alone; HUIFANG_WORKERS says in how many processes."""

    async def work(settings: "Settings") -> None:
        decided = _at(settings, host, port)
        if decided.workers > 1 and not follow:
            from backend.cli.together import api_processes

            await api_processes(decided)
            return
        from backend.cli.serving import Process
        from backend.cli.serving_api import serve_api

        await serve_api(decided, Process(followed=follow, listener=listener))

    go(work)


def worker(follow: Follow = False) -> None:
    """Run a worker: it does what is due. Any number may run at once, on one machine or on many."""

    async def work(settings: "Settings") -> None:
        from backend.cli.serving import Process
        from backend.cli.serving_worker import serve_worker

        await serve_worker(settings, Process(followed=follow))

    go(work)


def migrate(as_json: AsJson = False) -> None:
    """Bring the database to this version's schema; creates the roles first where HUIFANG_BOOTSTRAP_URL is set."""

    async def work(settings: "Settings") -> None:
        from backend.cli.migrating import bring_to_head

        moved = await bring_to_head(settings)
        done = f"schema at {moved.to}" + (
            " already" if moved.before == moved.to else f", was {moved.before or 'empty'}"
        )
        show(moved, [done], as_json=as_json)

    go(work)


def _at(settings: "Settings", host: str | None, port: int | None) -> "Settings":
    import msgspec

    return msgspec.structs.replace(
        settings, host=settings.host if host is None else host, port=settings.port if port is None else port
    )
