"""The library of call scripts, to read before one needs it: every variant filled in with sample values."""

from collections.abc import Sequence

import msgspec

from scripts.catalog import SCENES, Channel, Variant, shipped
from scripts.locales import Locale
from scripts.render import offered
from scripts.variables import Values, permitted, samples
from tasks.kernel.errors import NotFound
from tasks.kernel.unit import Unit
from tasks.plans.templates import ENGLISH, TEMPLATES

__all__ = ["ScriptLibrary", "browse_scripts"]


class SceneView(msgspec.Struct, frozen=True, rename="camel"):
    """An occasion there are scripts for."""

    code: str
    title: str
    variants: int


class SampleText(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One way to say it, with sample values; `when` is the step it is written for (+1d, -7d, cycle), null for any."""

    variant: str
    title: str
    tone: str
    channel: Channel
    when: str | None
    text: str


class ScriptLibrary(msgspec.Struct, frozen=True, rename="camel"):
    """All occasions, and the texts of the one that was asked for."""

    scenes: Sequence[SceneView]
    scene: str | None
    items: Sequence[SampleText]


async def browse_scripts(unit: Unit, scene: str | None, locale: Locale) -> ScriptLibrary:
    """Return the occasions and, when one is named, its texts in the caller's language. Raises `NotFound` for one that is none.

    What tells of a customer's health is filled in only for a merchant that lets texts say it.
    """
    if scene is not None and scene not in SCENES:
        raise NotFound(what="场景/scene")
    scenes = [SceneView(code, _title(code, locale), len(shipped().variants(code, locale))) for code in SCENES]
    allowed = await unit.scalar(
        "select settings -> 'sensitiveInTexts' = cast('true' as jsonb) from merchant where merchant_id = :merchant"
    )
    values = permitted(samples(locale), sensitive=bool(allowed))
    variants = offered(shipped().variants(scene, locale), values) if scene else ()
    return ScriptLibrary(scenes, scene, [_text(one, values) for one in variants])


def _title(scene: str, locale: Locale) -> str:
    return ENGLISH[scene] if locale == "en" else TEMPLATES[scene].name


def _text(variant: Variant, values: Values) -> SampleText:
    return SampleText(
        variant=variant.key,
        title=variant.title,
        tone=variant.tone,
        channel=variant.channel,
        when=variant.when,
        text=variant.script.render(values),
    )
