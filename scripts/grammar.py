"""Reading a script: Jinja's lexer and parser, never its compiler, and only on source known to be small and tame.

Each token is looked at before the parser sees it, because the parser recurses once per bracket, `not` and nested `if`,
and turns literals into values: what could make that expensive never reaches it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from scripts.faults import FaultCode, ScriptFault

MAX_SOURCE: Final = 4_000
"""Most characters of a source."""
MAX_DEPTH: Final = 8
"""Most levels of nested conditions, and of brackets in one."""
MAX_TOKENS: Final = 1_200
"""Most tokens of a source, spaces apart: three for each node allowed."""
MAX_TAG: Final = 64
"""Most tokens inside one pair of delimiters."""
MAX_NAME: Final = 40
"""Longest name or constant."""
MAX_DIGITS: Final = 9
"""Longest number."""

TAGS: Final = frozenset({"if", "elif", "else", "endif"})
UNQUOTABLE: Final = frozenset("\\{}\n")
OPERATORS: Final = frozenset({"|", "==", "!=", "<", "<=", ">", ">=", "(", ")"})
INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)
"""Control, direction and zero-width characters and lone surrogates; the joiner of emoji (U+200D) is not one of them."""


def parse(source: str) -> list[nodes.Node]:
    """The syntax trees of a source within every limit of size and depth; ScriptFault otherwise."""
    _check_text(source)
    try:
        return Parser(ENVIRONMENT, source).subparse()
    except TemplateSyntaxError as error:
        raise ScriptFault(FaultCode.SYNTAX, error.lineno, error.message or "") from None


def _check_text(source: str) -> None:
    if len(source) > MAX_SOURCE:
        raise ScriptFault(FaultCode.TOO_LONG, 0, f"{len(source)} > {MAX_SOURCE}")
    if not source.strip():
        raise ScriptFault(FaultCode.EMPTY, 0, "")
    if found := INVISIBLE.search(source):
        line = source.count("\n", 0, found.start()) + 1
        raise ScriptFault(FaultCode.CONTROL_CHARACTER, line, f"U+{ord(found.group()):04X}")


class _Tokens:
    """One pass over the tokens of a source; refuses whatever is not in a script's vocabulary."""

    def __init__(self) -> None:
        self.line = 1
        self.tokens = 0
        self.tag = 0
        self.brackets = 0
        self.nesting = 0
        self.expects_tag_name = False

    def checked(self, tokens: Iterator[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
        """The same tokens, each handed on only after it was found harmless."""
        for line, kind, text in tokens:
            self.line = line
            if kind != "whitespace":
                self._count()
            handle = HANDLERS.get(kind)
            if handle is None:
                raise self._fault(FaultCode.FORBIDDEN, kind)
            handle(self, text)
            yield line, kind, text

    def _count(self) -> None:
        self.tokens += 1
        self.tag += 1
        if self.tokens > MAX_TOKENS:
            raise self._fault(FaultCode.TOO_MANY_NODES, f"> {MAX_TOKENS}")
        if self.tag > MAX_TAG:
            raise self._fault(FaultCode.TOO_MANY_NODES, f"> {MAX_TAG}")

    def _fault(self, code: FaultCode, detail: str) -> ScriptFault:
        return ScriptFault(code, self.line, detail[:MAX_NAME])

    def data(self, text: str) -> None:
        self.tag = 0
        if "{" in text or "}" in text:
            raise self._fault(FaultCode.STRAY_BRACE, text)

    def begin(self, text: str) -> None:
        self.tag = 0
        self.brackets = 0
        self.expects_tag_name = text.startswith("{%")

    def space(self, text: str) -> None:
        """Spaces and closing delimiters mean nothing by themselves."""

    def name(self, text: str) -> None:
        if len(text) > MAX_NAME or not text.isascii():
            raise self._fault(FaultCode.UNKNOWN_VARIABLE, text)
        if self.expects_tag_name:
            self.expects_tag_name = False
            self._tag_name(text)

    def _tag_name(self, text: str) -> None:
        if text not in TAGS:
            raise self._fault(FaultCode.FORBIDDEN, text)
        self.nesting += {"if": 1, "endif": -1}.get(text, 0)
        if self.nesting > MAX_DEPTH:
            raise self._fault(FaultCode.TOO_DEEP, text)

    def operator(self, text: str) -> None:
        if text not in OPERATORS:
            raise self._fault(FaultCode.FORBIDDEN, text)
        self.brackets += {"(": 1, ")": -1}.get(text, 0)
        if self.brackets > MAX_DEPTH:
            raise self._fault(FaultCode.TOO_DEEP, text)

    def integer(self, text: str) -> None:
        if len(text) > MAX_DIGITS or not (text.isascii() and text.isdigit()):
            raise self._fault(FaultCode.FORBIDDEN, text)

    def string(self, text: str) -> None:
        if len(text) > MAX_NAME or not UNQUOTABLE.isdisjoint(text):
            raise self._fault(FaultCode.FORBIDDEN, text)


HANDLERS: Final[Mapping[str, Callable[[_Tokens, str], None]]] = {
    "data": _Tokens.data,
    "variable_begin": _Tokens.begin,
    "block_begin": _Tokens.begin,
    "variable_end": _Tokens.space,
    "block_end": _Tokens.space,
    "whitespace": _Tokens.space,
    "name": _Tokens.name,
    "operator": _Tokens.operator,
    "integer": _Tokens.integer,
    "string": _Tokens.string,
}
"""The kinds of token a script may consist of; any other (comment, raw, float) is refused."""


class _Checked(Environment):
    """A Jinja environment whose parser is fed checked tokens only."""

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        """Called by the parser, once, for its tokens."""
        tokens = _Tokens().checked(self.lexer.tokeniter(source, name, filename, state))
        return TokenStream(self.lexer.wrap(tokens, name, filename), name, filename)


ENVIRONMENT: Final = _Checked(optimized=False)
