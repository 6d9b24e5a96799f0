"""The OpenAPI document, made from the code without any server."""

from backend.app import openapi_document


def openapi() -> str:
    """The contract as indented JSON."""
    return openapi_document()
