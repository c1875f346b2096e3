"""The words of the panel: two files with equal keys, all used, all there."""

import ast
import json
import re
import string
from pathlib import Path

import pytest

import ui
from ui.panel.catalogue import LANGUAGES, Catalogue, catalogue, language_of
from ui.panel.errors import PanelError

ROOT = Path(ui.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))
KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


def literals():
    """Return every text in the sources that may be a key."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value):
                yield node.value


def asked():
    """Return what the sources ask the catalogue for: first arguments of text(), empty(), word()."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in {"text", "word", "empty"}:
                    yield path, name, node


def placeholders(words):
    return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}


def test_languages_have_the_same_keys():
    keys = {language: set(catalogue(language).words) for language in LANGUAGES}
    assert keys["en"] ^ keys["zh"] == set()


def test_languages_have_files_and_files_have_languages():
    assert {path.stem for path in (ROOT / "catalogue").iterdir()} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_are_written_once(language):
    pairs = json.loads((ROOT / "catalogue" / f"{language}.json").read_text(), object_pairs_hook=list)
    names = [name for name, _ in pairs]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("key", catalogue("en").words)
def test_key_says_something_with_the_same_placeholders_in_every_language(key):
    said = [catalogue(language).words[key] for language in LANGUAGES]
    assert all(words.strip() for words in said)
    assert len({frozenset(placeholders(words)) for words in said}) == 1


def test_every_key_is_used():
    used = set(literals())
    groups = {
        node.args[0].value for _, name, node in asked() if name == "word" and isinstance(node.args[0], ast.Constant)
    }
    groups |= {node.value.value for node in words_of_columns()}
    for key in catalogue("en").words:
        group = key.split(".")[1] if key.startswith("word.") else None
        assert key in used or group in groups, f"{key} is used nowhere"


def words_of_columns():
    """Return the groups of words that columns of tables name."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "words" and isinstance(node.value, ast.Constant):
                yield node


def test_every_key_that_is_asked_for_exists():
    for path, name, node in asked():
        for constant in ast.walk(node.args[0]):
            if name != "word" and isinstance(constant, ast.Constant) and KEY.fullmatch(str(constant.value)):
                assert constant.value in catalogue("en").words, f"{path.name} asks for {constant.value}"


def test_keys_are_never_put_together():
    for path, name, node in asked():
        built = isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
        assert name == "word" or not built, f"{path.name}:{node.lineno} puts a key together: write it in full"


def test_text_without_its_value_or_its_key_is_refused():
    words = Catalogue("en", {"a.b": "{n} of them"})
    assert words.text("a.b", n="3") == "3 of them"
    with pytest.raises(PanelError, match="must be given 'n'"):
        words.text("a.b")
    with pytest.raises(PanelError, match="must stand in ui/catalogue"):
        words.text("a.c")


def test_word_that_is_not_known_is_shown_as_the_desk_says_it():
    words = catalogue("zh")
    assert words.word("severity", "critical") == "严重"
    assert words.word("severity", "apocalyptic") == "apocalyptic"
    assert words.word("severity", None) == "–"


@pytest.mark.parametrize(
    ("wishes", "found"),
    [
        (["zh-CN"], "zh"),
        (["zh_TW"], "zh"),
        ([None, "en-GB"], "en"),
        (["fr", "zh-Hans-CN"], "zh"),
        (["tlh"], "en"),
        ([], "en"),
        (["../../etc"], "en"),
    ],
)
def test_language_is_the_first_wish_that_can_be_met(wishes, found):
    assert language_of(*wishes) == found


def test_language_that_there_is_not_is_refused():
    with pytest.raises(PanelError, match="one of en, zh"):
        catalogue("fr")
