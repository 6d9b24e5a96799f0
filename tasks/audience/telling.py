"""Trees and answers in plain words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from tasks.audience.compile import SEGMENT, segment_key
from tasks.audience.judging import Answer
from tasks.audience.tree import Group, Leaf, Node
from tasks.audience.wording import Words

_JOINS: Final = {"all": (" 且 ", " and "), "any": (" 或 ", " or ")}


def sentence(node: Node, words: Words) -> str:
    """Return the tree as one sentence: 性别为女 且 近 90 天未到店."""
    return _phrase(node, words, outermost=True)


def _phrase(node: Node, words: Words, *, outermost: bool = False) -> str:
    if isinstance(node, Leaf):
        return str(node.condition.words(node.params, words))
    if not node.nodes:
        return words.say("所有客户", "everybody")
    if node.word == "not":
        return words.say("不满足（{}）", "not ({})", _phrase(node.nodes[0], words, outermost=True))
    if len(node.nodes) == 1:
        return _phrase(node.nodes[0], words, outermost=outermost)
    inner = words.say(*_JOINS[node.word]).join(_phrase(child, words) for child in node.nodes)
    return inner if outermost else words.say("（{}）", "({})", inner)


class Told(msgspec.Struct, frozen=True, rename="camel"):
    """A node of the tree for one customer: the sentence, whether it holds, what it saw, and the nodes below it.

    `path` is the place in the tree. For a leaf, `condition` is its name and `seen` the value in words; a segment's own tree is below it.
    """

    path: str
    sentence: str
    holds: bool
    condition: str | None = None
    seen: str | None = None
    nodes: Sequence["Told"] = ()


def in_order(node: Node, segments: Mapping[str, Node]) -> Iterator[Node]:
    """Yield the node and everything below it, segments' trees too, each before what is below it."""
    yield node
    for child in below(node, segments):
        yield from in_order(child, segments)


def below(node: Node, segments: Mapping[str, Node]) -> tuple[Node, ...]:
    """Return the nodes directly below: of a group its own, of a segment leaf the segment's tree."""
    if isinstance(node, Group):
        return node.nodes
    if node.condition.name == SEGMENT:
        found = segments.get(segment_key(node))
        return (found,) if found is not None else ()
    return ()


def tell(
    node: Node, segments: Mapping[str, Node], answered: Iterator[Answer], words: Words, path: str = "tree"
) -> Told:
    """Return the tree with its answers, which come in the order of `in_order`."""
    answer = next(answered)
    leaf = node if isinstance(node, Leaf) else None
    places = _places(node, path)
    nodes = tuple(
        tell(child, segments, answered, words, place)
        for child, place in zip(below(node, segments), places, strict=False)
    )
    shown = words.shown(answer.seen, leaf.condition.seen) if leaf and leaf.condition.name != SEGMENT else None
    return Told(
        path, _phrase(node, words, outermost=True), answer.holds, leaf.condition.name if leaf else None, shown, nodes
    )


def _places(node: Node, path: str) -> list[str]:
    if isinstance(node, Leaf):
        return [f"{path}.segment"]
    if node.word == "not":
        return [f"{path}.not"]
    return [f"{path}.{node.word}[{number}]" for number in range(len(node.nodes))]
