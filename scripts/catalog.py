"""The shipped library: every script read, checked and compiled once."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Final, Literal

import msgspec

from scripts.faults import ScriptFault
from scripts.locales import LOCALES, Locale
from scripts.render import Script, compile_script

FENCE: Final = "+++\n"
SUFFIX: Final = ".j2"
Channel = Literal["wechat", "phone"]
Step = Annotated[str, msgspec.Meta(pattern=r"^([+-][0-9]{1,3}d|cycle)$")]

SCENES: Final = (
    "member_day",
    "second_visit",
    "after_service",
    "card_use_cycle",
    "card_expiring",
    "card_times_low",
    "card_balance_low",
    "birthday",
    "win_back",
    "anniversary",
    "tier_upgrade",
    "no_show_recovery",
    "complaint_recovery",
    "tried_not_bought",
    "appointment_confirm",
    "refund_care",
    "sample_follow_up",
    "festival_care",
    "add_wechat",
    "handover_intro",
)
"""The plan templates, each a scene of the library."""


class LibraryFault(Exception):
    """A file of the library is not a script: `path` says which, the cause why."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path


class Front(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The front matter of a script file; `when` is the step it is written for (+1d, -7d, cycle), None for any."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    channel: Channel
    tone: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    when: Step | None = None
    weight: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1


class Variant(msgspec.Struct, frozen=True):
    """One way to say it; `key` ("second_visit/a") names the same variant in every locale, for ever."""

    key: str
    scene: str
    locale: Locale
    channel: Channel
    title: str
    tone: str
    when: str | None
    script: Script
    weight: int = 1


class Catalog:
    """Every variant of a library; loading it proves that each file is a script and that each scene is there."""

    def __init__(self, root: Traversable) -> None:
        """Read the library below `root`; LibraryFault for the first file that is wrong or scene that is missing."""
        self._scenes = {(scene, locale): _read_scene(root, scene, locale) for locale in LOCALES for scene in SCENES}
        self._keys = {(item.key, item.locale): item for items in self._scenes.values() for item in items}

    def variants(self, scene: str, locale: Locale) -> tuple[Variant, ...]:
        """The variants of a scene in the order of their keys; KeyError when there is no such scene."""
        return self._scenes[scene, locale]

    def variant(self, key: str, locale: Locale) -> Variant:
        """The variant of that key; KeyError when there is none."""
        return self._keys[key, locale]

    def __iter__(self) -> Iterator[Variant]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)


@cache
def shipped() -> Catalog:
    """The library that comes with the product, loaded once."""
    return Catalog(files("scripts") / "library")


def read_variant(text: str, scene: str, name: str, locale: Locale) -> Variant:
    """The variant a file's text is; LibraryFault when its front matter or its script is wrong."""
    path = f"{locale}/{scene}/{name}{SUFFIX}"
    try:
        opening, head, body = text.split(FENCE, 2)
        if opening:
            raise LibraryFault(path, "text before the front matter")
        front = msgspec.convert(tomllib.loads(head), Front)
        script = compile_script(body.strip())
    except (ValueError, ScriptFault) as error:
        raise LibraryFault(path, str(error)) from error
    return Variant(
        f"{scene}/{name}", scene, locale, front.channel, front.title, front.tone, front.when, script, front.weight
    )


def _read_scene(root: Traversable, scene: str, locale: Locale) -> tuple[Variant, ...]:
    folder = root / locale / scene
    try:
        found = sorted((item.name, item) for item in folder.iterdir() if item.name.endswith(SUFFIX))
    except FileNotFoundError:
        found = []
    if not found:
        raise LibraryFault(f"{locale}/{scene}", "no variant")
    texts = ((name.removesuffix(SUFFIX), item.read_text("utf-8")) for name, item in found)
    return tuple(read_variant(text, scene, name, locale) for name, text in texts)
