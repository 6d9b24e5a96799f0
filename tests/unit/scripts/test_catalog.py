import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

from scripts.catalog import SCENES, Catalog, LibraryFault, Variant, read_variant, shipped
from scripts.locales import LOCALES
from scripts.render import offered
from scripts.review import review
from scripts.variables import samples

SEVEN = SCENES[:7]
HEAD = '+++\ntitle = "t"\nchannel = "wechat"\ntone = "x"\n'


def zipped(folder: Path, target: Path) -> zipfile.Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*.j2")):
            archive.write(path, path.relative_to(folder.parent))
    return zipfile.Path(target, "library/")


def test_every_scene_is_complete_in_both_locales() -> None:
    catalog = shipped()
    assert len(SCENES) == 20
    for scene in SCENES:
        chinese, english = (catalog.variants(scene, locale) for locale in LOCALES)
        assert [item.key for item in chinese] == [item.key for item in english]
        assert [(i.channel, i.when, i.weight) for i in chinese] == [(i.channel, i.when, i.weight) for i in english]
        assert len(chinese) >= (4 if scene in SEVEN else 2)
        assert len({item.title for item in chinese}) == len(chinese)


def test_every_script_renders_whole() -> None:
    for variant in shipped():
        text = variant.script.render(samples(variant.locale))
        assert text
        assert not set("{}") & set(text), variant.key
        assert "None" not in text
        assert "  " not in text
        assert "%" not in text.replace("10%", ""), variant.key


def test_every_script_passes_review() -> None:
    for variant in shipped():
        hints = review(variant.script.source, variant.locale)
        assert [hint for hint in hints if hint.severity == "fault"] == [], variant.key
        assert {hint.code for hint in hints} <= {"no_invitation", "sensitive_variable"}, variant.key


def test_something_can_be_said_without_a_name() -> None:
    for locale in LOCALES:
        values = {**samples(locale), "nickname": None}
        for scene in SCENES:
            variants = shipped().variants(scene, locale)
            for when in {item.when for item in variants}:
                fitting = [item for item in variants if item.when in (when, None) and item.channel == "wechat"]
                named = scene == "second_visit" or (scene == "after_service" and when == "+7d")
                assert named or offered(fitting, values), (scene, when)
            assert offered(variants, values), scene


def test_english_days_need_no_preposition() -> None:
    days = ("suggest_days }}", "_when }}")
    for variant in shipped():
        before = [part.rsplit("{{", 1)[0] for end in days for part in variant.script.source.split(end)[:-1]]
        assert not any(part.endswith(" on ") for part in before), variant.key


def test_look_up() -> None:
    catalog = shipped()
    variant = catalog.variant("second_visit/c", "zh-CN")
    assert (variant.scene, variant.locale, variant.channel, variant.weight) == ("second_visit", "zh-CN", "phone", 1)
    assert catalog.variant("after_service/b", "en").when == "cycle"
    assert variant in catalog.variants("second_visit", "zh-CN")
    assert len(catalog) == len(list(catalog)) == 2 * sum(len(catalog.variants(scene, "en")) for scene in SCENES)
    with pytest.raises(KeyError):
        catalog.variant("second_visit/zz", "en")
    with pytest.raises(KeyError):
        catalog.variants("nothing", "en")


def test_loads_from_an_archive_in_the_same_order(tmp_path: Path) -> None:
    folder = files("scripts") / "library"
    assert isinstance(folder, Path)
    archived = Catalog(zipped(folder, tmp_path / "wheel.zip"))
    assert [(item.locale, item.key) for item in archived] == [(item.locale, item.key) for item in shipped()]


def test_a_missing_or_empty_scene_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(LibraryFault, match="zh-CN/member_day: no variant") as caught:
        Catalog(tmp_path)
    assert caught.value.path == "zh-CN/member_day"
    (tmp_path / "zh-CN" / "member_day").mkdir(parents=True)
    (tmp_path / "zh-CN" / "member_day" / "notes.txt").write_text("not a script", "utf-8")
    with pytest.raises(LibraryFault, match="no variant"):
        Catalog(tmp_path)


def test_front_matter() -> None:
    variant = read_variant(HEAD + 'when = "-7d"\nweight = 3\n+++\n{{ nickname }}好\n', "birthday", "z", "en")
    assert isinstance(variant, Variant)
    assert (variant.key, variant.when, variant.weight, variant.tone) == ("birthday/z", "-7d", 3, "x")


@pytest.mark.parametrize(
    "text",
    [
        "no front matter",
        "text" + HEAD + "+++\nbody",
        HEAD + "+++\n",
        HEAD + "+++\n{{ nick }}",
        HEAD + "unknown = 1\n+++\nbody",
        HEAD + 'when = "soon"\n+++\nbody',
        HEAD + "weight = 0\n+++\nbody",
        HEAD + "weight = \n+++\nbody",
        HEAD.replace("wechat", "fax") + "+++\nbody",
        HEAD.replace('title = "t"\n', "") + "+++\nbody",
    ],
)
def test_a_file_that_is_no_script_is_a_fault(text: str) -> None:
    with pytest.raises(LibraryFault, match="en/birthday/z"):
        read_variant(text, "birthday", "z", "en")
