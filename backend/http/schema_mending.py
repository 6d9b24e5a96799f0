"""What the stock schemas get wrong or leave out, put right in the finished document, so that generated clients have types to work with."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

REF: Final = "#/components/schemas/"


def mend(document: dict[str, Any]) -> None:
    """Say what is in lists of any length, and by which field the members of a union are told apart."""
    schemas: dict[str, Any] = document["components"]["schemas"]
    for each in _objects(document):
        _name_items(each)
    for each in _objects(document):
        _tell_apart(each, schemas)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for each in list(value.values() if isinstance(value, dict) else value):
            yield from _objects(each)


def _name_items(schema: dict[str, Any]) -> None:
    """A `tuple[T, ...]` is a list of T: the stock schema takes the dots for a type that may be anything."""
    items = schema.get("items")
    choices: list[Any] = items.get("oneOf", []) if isinstance(items, dict) else []
    if len(choices) == 2 and choices[1] == {}:  # noqa: PLR2004  # T and the dots
        schema["items"] = choices[0]


def _tell_apart(schema: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """Members of a tagged union are told apart by the field whose only value is theirs."""
    choices = schema.get("oneOf")
    if not isinstance(choices, list) or len(choices) < 2 or not all("$ref" in each for each in choices):  # noqa: PLR2004  # a choice
        return
    members = {each["$ref"]: schemas[each["$ref"].removeprefix(REF)] for each in choices}
    for field in _constants(next(iter(members.values()))):
        tags = {ref: member.get("properties", {}).get(field, {}).get("const") for ref, member in members.items()}
        if all(tags.values()) and len(set(tags.values())) == len(tags):
            schema["discriminator"] = {"propertyName": field, "mapping": {tag: ref for ref, tag in tags.items()}}
            return


def _constants(schema: Mapping[str, Any]) -> list[str]:
    return [name for name, said in schema.get("properties", {}).items() if "const" in said]
