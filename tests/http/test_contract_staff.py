"""A mobile developer needs nothing but the OpenAPI: every call of the staff app says what it takes and answers, and every example is true to its type."""

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from backend.app import create_app
from backend.http.contract import METHODS, contract
from backend.http.links import LINKS
from backend.services import Services

JSON = "application/json"


@pytest.fixture(scope="module")
def document(services: Services) -> dict[str, Any]:
    return contract(create_app(services))


def staff(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item and "staff" in item[method]["tags"]:
                yield f"{method.upper()} {path}", item[method]


def faults(document: dict[str, Any], schema: dict[str, Any], example: object) -> list[str]:
    """What an example has that its schema does not say, and the other way round."""
    whole = copy.deepcopy(schema) | {"components": document["components"]}
    found = jsonschema_rs.Draft202012Validator(whole, validate_formats=True).iter_errors(example)
    return [f"{'/'.join(str(step) for step in fault.instance_path)}: {fault.message}" for fault in found]


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """The same contract with every object closed, so that a field that no longer is there is found in an example."""
    strict = copy.deepcopy(document)
    for schema in strict["components"]["schemas"].values():
        if schema.get("properties") and schema.get("title") != "Problem":
            schema.setdefault("additionalProperties", False)
    return strict


def test_every_call_shows_what_it_takes_and_what_it_answers(document: dict[str, Any]) -> None:
    missing = []
    for name, operation in staff(document):
        bodies = operation.get("requestBody", {}).get("content", {})
        missing += [f"{name} takes {media}" for media, said in bodies.items() if "example" not in said]
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                shown = {media: said for media, said in answer.get("content", {}).items() if media.endswith("json")}
                missing += [f"{name} answers {status}" for said in shown.values() if "example" not in said]
    assert missing == []


def test_every_example_is_true_to_its_type(document: dict[str, Any]) -> None:
    strict, wrong, seen = closed(document), {}, 0
    for name, operation in staff(strict):
        takes = operation.get("requestBody", {}).get("content", {}).get(JSON)
        answers = [said["content"][JSON] for said in operation["responses"].values() if JSON in said.get("content", {})]
        for what in [takes, *answers]:
            if what and "example" in what:
                seen += 1
                found = faults(strict, what["schema"], what["example"])
                if found:
                    wrong[f"{name} ({'takes' if what is takes else 'answers'})"] = found
    assert wrong == {}
    assert seen > 50


def test_every_problem_example_is_a_problem(document: dict[str, Any]) -> None:
    for name, operation in staff(document):
        for status, answer in operation["responses"].items():
            if not status.startswith(("4", "5")):
                continue
            (said,) = answer["content"].values()
            for code, example in said["examples"].items():
                assert faults(document, said["schema"], example["value"]) == [], (name, code)
                assert example["value"]["status"] == int(status)


def test_every_parameter_is_explained(document: dict[str, Any]) -> None:
    silent = [
        f"{name}: {parameter['name']}"
        for name, operation in staff(document)
        for parameter in operation.get("parameters", ())
        if not parameter.get("description") and parameter["in"] != "path"  # the path says what it names
    ]
    assert silent == []


def test_what_follows_a_call_can_be_asked_with_what_it_answers(document: dict[str, Any]) -> None:
    operations = {operation["operationId"]: operation for _, operation in staff(document)}
    assert set(LINKS) <= set(operations)
    for source, links in LINKS.items():
        success = next(answer for status, answer in operations[source]["responses"].items() if status.startswith("2"))
        assert len(success["links"]) == len(links)
        for link in links:
            parameters = {parameter["name"] for parameter in operations[link.to]["parameters"]}
            assert set(link.takes) <= parameters, (source, link.to)
            for where in link.takes.values():
                value = success["content"][JSON]["example"]
                for step in where.removeprefix("$response.body#/").split("/"):
                    value = value[int(step)] if isinstance(value, list) else value[step]
                assert isinstance(value, str), (source, link.to)


def test_nothing_on_the_way_in_may_be_anything(document: dict[str, Any]) -> None:
    """A list says of what; only what is free by its nature (the fields of an outcome, the data of an event) is open."""
    free = {
        "fields",
        "data",
        "answer",
        "tree",
        "rule",
        "definition",
        "changes",
        "audience",
        "when",
        "onlyIf",
        "where",
        "schema",
        "was",
        "now",
    }
    loose = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, said in schema.get("properties", {}).items()
        if field not in free
        and ({} in said.get("oneOf", ()) or said.get("items") == {} or {} in said.get("items", {}).get("oneOf", ()))
    ]
    assert [each for each in loose if each != "Problem.choices"] == []


def test_every_shape_says_what_it_is(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    silent = [
        name for name, schema in schemas.items() if schema.get("type") == "object" and not schema.get("description")
    ]
    assert silent == []


def test_actions_are_told_apart_by_their_kind(document: dict[str, Any]) -> None:
    union = document["components"]["schemas"]["ActionsIn"]["properties"]["actions"]["items"]
    assert union["discriminator"]["propertyName"] == "kind"
    assert union["discriminator"]["mapping"]["log_callback"] == "#/components/schemas/LogCallbackAction"
    assert len(union["discriminator"]["mapping"]) == len(union["oneOf"]) > 10


def test_a_false_example_is_found(document: dict[str, Any]) -> None:
    strict = closed(document)
    schema = {"$ref": "#/components/schemas/TaskMove"}
    (good,) = [
        operation["responses"]["200"]["content"][JSON]["example"]
        for _, operation in staff(strict)
        if operation["operationId"] == "StartTask"
    ]
    assert faults(strict, schema, good) == []
    for bad in (good | {"more": 1}, {k: v for k, v in good.items() if k != "status"}, good | {"dueAt": "yesterday"}):
        assert faults(strict, schema, bad)
