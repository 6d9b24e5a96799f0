"""A second pair of eyes on an edited script: what must be mended, and what could be said better."""

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from scripts.faults import FaultCode, MissingValues, ScriptFault
from scripts.grammar import MAX_SOURCE
from scripts.hints import Hint, HintCode, hint
from scripts.locales import Locale
from scripts.phrases import INVITATION, WORDS
from scripts.render import Script, compile_script
from scripts.variables import SENSITIVE, VARIABLES, samples

CHAT_LENGTH: Final = MappingProxyType({"zh-CN": 200, "en": 400})
"""Most characters of a preview that is still read in a chat; an English text needs about twice as many for the same."""
MOST_QUESTIONS: Final = 2

BLANK: Final = re.compile(r"\{\{[-+]?\s*+(\w++)[^{}]*+\}\}")
TAG: Final = re.compile(r"\{[{%][^{}]*+\}\}?")
WORD: Final = re.compile(r"\w+")
QUESTION: Final = re.compile("[?？]")


def review(source: str, locale: Locale) -> tuple[Hint, ...]:
    """Every hint about a source in the order of the text, general ones last; without a fault it can be used."""
    if len(source) > MAX_SOURCE:
        return (_refused(source, FaultCode.TOO_LONG, str(len(source))),)
    unknown = tuple(_unknown(source))
    try:
        script = compile_script(source)
    except ScriptFault as fault:
        refused = () if unknown else (_refused(source, fault.code, fault.detail, fault.line),)
        found = (*refused, *unknown, *_words(source, source, locale))
        return tuple(sorted(found, key=_place))
    text = TAG.sub(lambda tag: "\x00" * len(tag.group()), source)
    placed = (*_sensitive(source), *_words(source, text, locale), *_address(source, text))
    return (*sorted(placed, key=_place), *_general(source, script, locale))


def _place(item: Hint) -> tuple[int, int]:
    return item.start, item.end


def _refused(source: str, code: FaultCode, detail: str, line: int = 0) -> Hint:
    """The whole line that a fault is on, or everything when it is on none."""
    lines = source.split("\n")
    placed = 0 < line <= len(lines)
    start = sum(len(each) + 1 for each in lines[: line - 1]) if placed else 0
    end = start + len(lines[line - 1]) if placed else len(source)
    return hint(HintCode.REFUSED, source, (start, end), f"{code} {detail}".strip())


def _unknown(source: str) -> Iterator[Hint]:
    for blank in BLANK.finditer(source):
        if blank[1] not in VARIABLES:
            yield hint(HintCode.UNKNOWN_VARIABLE, source, blank.span(1), blank[1])


def _sensitive(source: str) -> Iterator[Hint]:
    for tag in TAG.finditer(source):
        for word in WORD.finditer(source, *tag.span()):
            if word.group() in SENSITIVE:
                variable = VARIABLES[word.group()]
                yield hint(HintCode.SENSITIVE_VARIABLE, source, word.span(), variable.zh, variable.en)


def _words(source: str, text: str, locale: Locale) -> Iterator[Hint]:
    for code, pattern in WORDS[locale]:
        for found in pattern.finditer(text):
            yield hint(code, source, found.span(), found.group())


def _address(source: str, text: str) -> Iterator[Hint]:
    """您 and 你 in one message: the rarer of the two is what should change."""
    polite, familiar = text.count("您"), text.count("你")
    if polite and familiar:
        at = text.index("您" if polite <= familiar else "你")
        yield hint(HintCode.MIXED_ADDRESS, source, (at, at + 1), text[at])


def _general(source: str, script: Script, locale: Locale) -> Iterator[Hint]:
    """What only the filled-in text shows, with a value for everything."""
    whole = (0, len(source))
    try:
        preview = script.render(samples(locale))
    except ScriptFault as fault:
        yield _refused(source, fault.code, fault.detail)
        return
    except MissingValues:
        preview = ""
    if len(preview) > CHAT_LENGTH[locale]:
        yield hint(HintCode.TOO_LONG, source, whole, str(len(preview)))
    if len(QUESTION.findall(preview)) > MOST_QUESTIONS:
        yield hint(HintCode.TOO_MANY_QUESTIONS, source, whole, "")
    if not INVITATION[locale].search(preview):
        yield hint(HintCode.NO_INVITATION, source, whole, "")
