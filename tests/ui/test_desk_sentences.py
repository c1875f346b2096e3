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
        (
            "the candle feed died, again in 1.0 s: it died: with status 1",
            "行情源异常退出，1.0 秒后重启：it died: with status 1",
        ),
        (
            "the push died too often; it is tried again in 5 min, or with `start`: no answer",
            "推送异常退出过于频繁；5 分钟后重试，或使用 `start`：no answer",
        ),
        ("the HTTP API died: no answer", "HTTP API异常退出：no answer"),
        ("the database did not answer for 12 s", "数据库有 12 秒没有响应"),
        ("the upkeep of the database failed: it is away", "数据库维护失败：it is away"),
        ("the disk of EVOQ_HOME is 97 % full: free some", "EVOQ_HOME 所在磁盘已用 97%：请释放空间"),
        ("96 % of this machine's memory is in use", "本机内存已用 96%"),
        (
            "trials fill the disk of EVOQ_HOME in 2.5 days at the rate of the last day: lengthen"
            " auto_trading.evolution_interval, free some space, or move EVOQ_HOME to a larger disk",
            "按最近一天的速度，试验记录将在 2.5 天内占满 EVOQ_HOME 所在磁盘：请延长"
            " auto_trading.evolution_interval、释放空间，或将 EVOQ_HOME 移至更大的磁盘",
        ),
        (
            "run 1-a cannot go on, it began with other candles than /home/x holds: a new run begins; after a restore"
            " copy that folder of the old EVOQ_HOME before `evoq up`",
            "运行 1-a 无法继续，其起始 K 线与 /home/x 中的不同：将开始新的运行；恢复备份后，请在 `evoq up`"
            " 之前复制旧 EVOQ_HOME 的该文件夹",
        ),
        (
            "a/b.parquet was missing and is made anew from the feed's candles: where a venue has corrected some of"
            " them, run 1-a goes on with other ones than it knew",
            "a/b.parquet 缺失，已用行情源的 K 线重新生成：若交易所修正过其中部分，运行 1-a 将以不同于原先的 K 线继续",
        ),
        (
            "past candles of BTC/USDT 1h have changed (2 corrected); evolution goes on with them as it first saw them",
            "BTC/USDT 1h 的历史 K 线已变化（2 corrected）；进化继续使用最初看到的数据",
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
