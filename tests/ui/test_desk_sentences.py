"""What the desk stores in English is read in the reader's language; what people wrote stays as it is."""

from types import SimpleNamespace

import pytest

from ui.panel.catalogue import catalogue
from ui.panel.desk_sentences import sentence_words, species_words


def view(language):
    words = catalogue(language)
    return SimpleNamespace(text=words.text, word=words.word)


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        ("out-of-sample score of at least 58 in 30 trades", "样本外评分不低于 58，交易不少于 30 次"),
        ("enabled for 30 days without promotion", "启用 30 天仍未晋升"),
        ("generation 12: the archive covers 11.7%, diversity 0.81", "第 12 代：档案覆盖 11.7%，多样性 0.81"),
        (
            "window 4@1767225600000 begins with batch 96: elites are scored again",
            "窗口 4@1767225600000 自第 96 批开始：精英重新评分",
        ),
    ],
)
def test_sentence_of_the_desk_is_said_in_the_language_of_the_reader(said, chinese):
    assert sentence_words(view("zh"), said) == chinese
    assert sentence_words(view("en"), said) == said


@pytest.mark.parametrize("said", [None, "", "enabled for fun", "a {word} of somebody"])
def test_sentence_of_a_person_stays_as_it_is(said):
    assert sentence_words(view("zh"), said) == said


@pytest.mark.parametrize(
    ("species", "shown"),
    [("momentum BTC/USDT 1h", "动量 BTC/USDT 1h"), ("mine ETH/USDT 4h", "mine ETH/USDT 4h"), ("x", "x"), (None, None)],
)
def test_species_is_named_by_its_type_in_words(species, shown):
    assert species_words(view("zh"), species) == shown
