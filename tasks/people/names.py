"""Parts of a name by which a customer is found: characters, pairs, pinyin initials; words and their beginnings for Latin names."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import product

from pypinyin import Style, pinyin

_WORD = re.compile(r"[0-9a-z]+|[^\W\d_a-z]+")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff]")
LONGEST_PREFIX = 6
"""Beginnings of a Latin word are found from two letters up to this many; longer queries are cut to it or match the whole word."""
_MOST_INITIALS = 8


@lru_cache(maxsize=65536)
def _initials_of(character: str, *, surname: bool) -> tuple[str, ...]:
    """Return the first letters of the character's readings: all of them for a surname (曾 is z and c), the usual one elsewhere."""
    found = pinyin(character, style=Style.FIRST_LETTER, heteronym=surname, errors="ignore")
    return tuple(dict.fromkeys(letter for letter in found[0] if letter.isascii() and letter.isalpha())) if found else ()


def _words(name: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", name).lower())


def name_tokens(name: str) -> set[str]:
    """Return every token under which the name is found."""
    tokens: set[str] = set()
    for word in _words(name):
        tokens.update(_han_tokens(word) if _HAN.match(word) else _latin_tokens(word))
    return tokens


def _han_tokens(word: str) -> Iterable[str]:
    yield from word
    yield from (word[at : at + 2] for at in range(len(word) - 1))
    letters = [_initials_of(character, surname=at == 0) for at, character in enumerate(word[:LONGEST_PREFIX])]
    for initials in list(product(*(found for found in letters if found)))[:_MOST_INITIALS]:
        joined = "".join(initials)
        yield from (joined[start:end] for start in range(len(joined)) for end in range(start + 2, len(joined) + 1))


def _latin_tokens(word: str) -> Iterable[str]:
    yield word
    yield from (word[:length] for length in range(2, min(len(word), LONGEST_PREFIX) + 1))


def query_tokens(text: str) -> set[str]:
    """Return the tokens that a name must all have to answer the query; empty when there is nothing to look for."""
    tokens: set[str] = set()
    for word in _words(text):
        if not _HAN.match(word):
            tokens.add(word[:LONGEST_PREFIX])
        elif len(word) == 1:
            tokens.add(word)
        else:
            tokens.update(word[at : at + 2] for at in range(len(word) - 1))
    return tokens
