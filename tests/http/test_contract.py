"""The contract says everything: every operation its summary, examples and problems; every problem is in the one registry."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import backend.auth
import backend.http
import backend.imports
import tasks
from backend.app import create_app
from backend.http.contract import METHODS, contract
from backend.http.locale import locale_of
from backend.http.problems.faults import SENTENCES, read_fault, sentence
from backend.http.problems.registry import TITLES, kinds
from backend.services import Services
from tasks.kernel.errors import FlowError
from tests.http.salon import Salon


@pytest.fixture(scope="module")
def document(services: Services) -> dict[str, Any]:
    return contract(create_app(services))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method} {path}", item[method]


def load_everything() -> None:
    for package in (tasks, backend.auth, backend.imports, backend.http):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)


def test_every_error_is_registered_and_every_registered_code_is_raised() -> None:
    load_everything()
    ours = [kind for kind in kinds() if kind.__module__.split(".")[0] in {"tasks", "backend", "scripts"}]
    missing = {kind.code for kind in ours} - set(TITLES) - {FlowError.code}
    assert missing == set()
    assert set(TITLES) - {kind.code for kind in ours} == set()


def test_one_code_means_one_thing() -> None:
    load_everything()
    stated: dict[str, set[str]] = {}
    for kind in kinds():
        if "code" in vars(kind) and kind.__module__.split(".")[0] in {"tasks", "backend"}:
            stated.setdefault(kind.code, set()).add(f"{kind.__module__}.{kind.__name__}")
    assert {code: names for code, names in stated.items() if len(names) > 1} == {}


def test_every_error_has_a_status_two_sentences_and_two_titles() -> None:
    load_everything()
    for kind in kinds():
        assert 400 <= kind.status < 600, kind
        assert kind.zh
        assert kind.en
        assert (kind.__doc__ or "").strip()
    assert [code for code, (zh, en) in TITLES.items() if not zh or not en or zh == en] == []


def test_the_document_is_openapi_31_and_names_everything(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for name, operation in operations(document):
        assert operation["operationId"], name
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        body = operation.get("requestBody", {}).get("content", {})
        assert [media for media, content in body.items() if "example" not in content] == [], name


def test_every_documented_error_is_a_registered_problem(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            (media,) = response["content"]
            assert media == "application/problem+json", name
            for code, example in response["content"][media]["examples"].items():
                assert code in TITLES, name
                assert example["value"]["status"] == int(status), f"{name} {code}"
                assert example["value"]["type"] == f"/problems/{code}"


def test_every_guarded_operation_documents_its_refusals(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if "/v1/" in name and operation["operationId"] not in {"Login", "Refresh", "UploadAttachment"}:
            assert operation["security"], name
            assert {"401", "403"} <= set(operation["responses"]), name


def test_request_bodies_are_closed_and_camel_case(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    closed = [name for name, schema in schemas.items() if schema.get("additionalProperties") is False]
    assert {"LoginIn", "PlanIn", "CallbackIn", "CustomerIn", "SaleIn"} <= set(closed)
    for name, schema in schemas.items():
        assert [field for field in schema.get("properties", {}) if "_" in field] == [], name


async def test_the_document_the_page_and_the_problems_are_served(salon: Salon, document: dict[str, Any]) -> None:
    nobody = salon.api.nobody()
    served = await nobody.get("/openapi.json")
    assert served.headers["content-type"].startswith("application/vnd.oai.openapi+json")
    assert served.json() == document
    page = await nobody.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "/v1/staff/tasks/{task_id}/callbacks" in page.text
    listed = (await nobody.get("/problems", headers={"accept-language": "en"})).json()["items"]
    assert {each["code"] for each in listed} == set(TITLES)
    one = (await nobody.get("/problems/not-found")).json()
    assert (one["status"], one["title"], one["type"]) == (404, "找不到", "/problems/not-found")
    assert (await nobody.get("/problems/no-such-code")).status_code == 404


async def test_health(salon: Salon) -> None:
    nobody = salon.api.nobody()
    assert (await nobody.get("/health/live")).json()["status"] == "ok"
    assert (await nobody.get("/health/ready")).json() == {"status": "ok", "checks": {"database": "ok"}}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Expected `int`, got `str` - at `$.items[3].phones[0]`", ("items[3].phones[0]", "type")),
        ("Object missing required field `x` - at `$.items[3]`", ("items[3].x", "required")),
        ("Object contains unknown field `13712345678` - at `$[2]`", ("[2].…", "unknown-field")),
        ("Invalid enum value '13712345678' - at `$.a`", ("a", "choice")),
        ("Expected `int` >= 1 - at `$.limit`", ("limit", "range")),
        ("Expected `str` of length <= 10", ("", "length")),
        ("Invalid UUID - at `$.id`", ("id", "format")),
        ("Something new from a later version", ("", "format")),
    ],
)
def test_the_decoder_is_understood(message: str, expected: tuple[str, str]) -> None:
    path, code, facts = read_fault(message)
    assert (path, code) == expected
    for locale in ("zh-CN", "en"):
        assert "13712345678" not in sentence(code, facts, locale)


def test_every_fault_has_two_sentences() -> None:
    assert [code for code, (zh, en) in SENTENCES.items() if not zh or not en] == []


def test_a_broken_language_wish_is_chinese() -> None:
    assert locale_of("en;q=x") == "zh-CN"
    assert locale_of(None) == "zh-CN"
    assert locale_of("en;q=0") == "zh-CN"
