"""From the kinds of service that templates speak of to a merchant's own categories.

Merchants name categories as they like (`JM`, 美睫, `lash`): a category is of a kind when its code or name holds one of the kind's words.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from tasks.plans.definition import Definition
from tasks.plans.steps import Escalate, Step, Wait
from tasks.plans.templates.trees import Tree

_WORDS: Final[Mapping[str, str]] = {
    "lash": r"睫|\blash",
    "facial": r"面部|脸部|面护|护肤|皮肤|补水|清洁|美容护理|\bfacial|\bskin",
    "nails": r"甲|\bnail|\bmani|\bpedi",
    "cut": r"剪|理发|洗吹|\bcut|\bhaircut",
    "massage": r"按摩|推拿|肩颈|足疗|足浴|\bspa\b|\bmassage",
    "perm": r"烫|离子|拉直|\bperm|\bstraighten|\brelax",
    "colour": r"染|补色|\bcolou?r|\bdye|\bhighlight|\bbalayage",
    "chemical": r"烫|染|漂|离子|拉直|药水|\bchemical|\bperm|\bcolou?r|\bdye|\bbleach|\bstraighten|\bhighlight|\bbalayage",
    "skin": r"皮肤|面部|脸部|护肤|焕肤|祛痘|祛斑|光电|水光|\bfacial|\bskin|\bpeel|\blaser",
}
"""Kind → a pattern over a category's code and name."""

_SEPARATORS: Final = re.compile(r"[_\W]+")
_OF_SERVICES: Final = ("bought", "last_service")
"""Conditions that name categories."""

Category = tuple[str, str]
"""Code and name."""


def fits(kind: str, category: Category) -> bool:
    """Say whether a category is of a kind: named so, or by one of its words."""
    code, name = category
    if code == kind:
        return True
    return re.search(_WORDS[kind], _SEPARATORS.sub(" ", f"{code} {name}").lower()) is not None


def fitted(definition: Definition, categories: Iterable[Category]) -> Definition:
    """Return the definition with kinds of service replaced by the codes of the merchant's categories.

    A branch of an `any` that no category fits is left out; of an `all`, or alone, it stays as it is and means nobody. Categories that the owner named
    and that are no kinds stay.
    """
    known = sorted(set(categories))
    return msgspec.structs.replace(
        definition,
        audience=_tree(definition.audience, known),
        steps=tuple(_step(step, known) for step in definition.steps),
    )


def _step(step: Step, known: list[Category]) -> Step:
    act, wait = step.act, step.wait
    if act.escalate is not None:
        when = _tree(act.escalate.when, known) or act.escalate.when
        act = msgspec.structs.replace(act, escalate=Escalate(when=when, to=act.escalate.to))
    return msgspec.structs.replace(step, act=act, wait=_wait(wait, known), only_if=_tree(step.only_if, known))


def _wait(wait: Wait | None, known: list[Category]) -> Wait | None:
    """The first kind that a category fits says its gap: perm stands before colour before cut, for 烫染 takes as long as its longest part."""
    if wait is None or not wait.usual:
        return wait
    kinds = sorted(wait.usual, key=lambda kind: -wait.usual[kind])
    usual = {
        category[0]: next(wait.usual[kind] for kind in kinds if _is(kind, category))
        for category in known
        if any(_is(kind, category) for kind in kinds)
    }
    return msgspec.structs.replace(wait, usual=wait.usual | usual)


def _is(kind: str, category: Category) -> bool:
    return fits(kind, category) if kind in _WORDS else kind == category[0]


def _tree(tree: Tree | None, known: list[Category]) -> Tree | None:
    return _node(tree, known) or tree if tree else tree


def _node(node: Any, known: list[Category]) -> Any:
    """The fitted node; None for a leaf about kinds that no category fits."""
    if not isinstance(node, dict):
        return node
    if "any" in node:
        parts = [part for child in node["any"] if (part := _node(child, known)) is not None]
        return {"any": parts} if parts else None
    if "all" in node:
        return {"all": [_node(child, known) or child for child in node["all"]]}
    if "not" in node:
        return {"not": _node(node["not"], known) or node["not"]}
    return _leaf(node, known)


def _leaf(leaf: Tree, known: list[Category]) -> Tree | None:
    named = leaf.get("categories")
    if leaf.get("condition") not in _OF_SERVICES or not named or not any(one in _WORDS for one in named):
        return leaf
    kept = [one for one in named if one not in _WORDS]
    found = [code for code, name in known if any(_is(kind, (code, name)) for kind in named if kind in _WORDS)]
    codes = list(dict.fromkeys([*kept, *found]))
    return {**leaf, "categories": codes} if codes or leaf.get("products") else None
