"""`/openapi.json` and `/docs`: the contract for machines, and for people with or without a network."""

from html import escape
from typing import Any

import msgspec
from litestar import Request
from litestar.enums import MediaType, OpenAPIMediaType
from litestar.openapi.plugins import OpenAPIRenderPlugin, ScalarRenderPlugin

from backend.http.contract import METHODS, contract

SCALAR = ScalarRenderPlugin(version="1").js_url
"""Scalar comes from where Litestar says it is; without it the page below stands on its own (docs/adr)."""
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code{background:#f2f2f2;padding:.1rem .3rem;border-radius:.2rem}h2{margin-top:2.5rem}dt{margin-top:1rem}dd{margin:0 0 0 1rem;color:#444}"
)


class ContractJson(OpenAPIRenderPlugin):
    """Serves the contract."""

    def __init__(self) -> None:
        """Stand at `/openapi.json`."""
        super().__init__(path="/openapi.json", media_type=OpenAPIMediaType.OPENAPI_JSON)
        self._made = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002  # the contract says more
        """Return the document, made on first use: it cannot change while the process lives."""
        self._made = self._made or msgspec.json.encode(contract(request.app))
        return self._made


class Docs(OpenAPIRenderPlugin):
    """Serves a plain reference that needs nothing from outside, and lets Scalar take its place when it loads."""

    def __init__(self) -> None:
        """Stand at `/docs`."""
        super().__init__(path="/docs", media_type=MediaType.HTML)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002  # as above
        """Return the page."""
        document = contract(request.app)
        title = escape(document["info"]["title"])
        script = (
            f'<script>(()=>{{const s=document.createElement("script");s.src="{SCALAR}";s.crossOrigin="anonymous";'
            's.onload=()=>{document.getElementById("plain").remove();Scalar.createApiReference("#reference",{url:"/openapi.json"})};'
            "document.head.append(s)})()</script>"
        )
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
            f'<body><div id="reference"></div><main id="plain"><h1>{title}</h1>'
            f'<p><a href="/openapi.json">openapi.json</a> · <a href="/problems">problems</a></p>{_listing(document)}</main>{script}</body></html>'
        ).encode()


def _listing(document: dict[str, Any]) -> str:
    """Return every operation, by tag."""
    tags: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                line = (
                    f"<dt><code>{method.upper()} {escape(path)}</code> {escape(operation['summary'])}</dt>"
                    f"<dd>{escape(operation['description'])} <small>{' '.join(operation['responses'])}</small></dd>"
                )
                tags.setdefault(operation.get("tags", ["other"])[0], []).append(line)
    return "".join(f"<h2>{escape(tag)}</h2><dl>{''.join(lines)}</dl>" for tag, lines in tags.items())
