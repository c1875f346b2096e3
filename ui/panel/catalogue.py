"""Everything that people read, by key: one file a language, with equal keys."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path

from ui.panel.errors import PanelError

__all__ = ["LANGUAGES", "Catalogue", "catalogue", "language_of"]

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文"}
_FOLDER = Path(__file__).resolve().parent.parent / "catalogue"


class Catalogue:
    """The words of one language.

    Parameters
    ----------
    language : str
        Key of `LANGUAGES`.
    words : mapping of str to str
        By dotted key; `{name}` stands for a value.
    """

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self.words = words

    def text(self, key: str, **values: object) -> str:
        """Return what stands under a key.

        Parameters
        ----------
        key : str
            Such as overview.title.
        **values : object
            For its placeholders, already formatted.

        Returns
        -------
        str
            Plain text.

        Raises
        ------
        PanelError
            If there is no such key, or a placeholder has no value.
        """
        try:
            return self.words[key].format_map(values)
        except KeyError as error:
            if key not in self.words:
                raise PanelError(f"{key!r} must stand in ui/catalogue/{self.language}.json, does not") from None
            raise PanelError(f"{key!r} must be given {error}, was not") from None

    def word(self, group: str, value: str | None) -> str:
        """Return a word of the desk, such as a state, in this language.

        Parameters
        ----------
        group : str
            Such as state; the keys are word.state.enabled and the like.
        value : str or None
            What the desk says.

        Returns
        -------
        str
            What the desk says itself where the catalogue does not know it; "–" for None.
        """
        if value is None:
            return "–"
        return self.words.get(f"word.{group}.{value}", value)


@functools.cache
def catalogue(language: str) -> Catalogue:
    """Return the words of a language.

    Parameters
    ----------
    language : str
        Key of `LANGUAGES`.

    Returns
    -------
    Catalogue
        Read once.

    Raises
    ------
    PanelError
        If there is no such language.
    """
    if language not in LANGUAGES:
        raise PanelError(f"language must be one of {', '.join(LANGUAGES)}, was {language!r}")
    return Catalogue(language, json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8")))


def language_of(*wishes: str | None) -> str:
    """Return the first language that is wished for and that there is.

    Parameters
    ----------
    *wishes : str or None
        Language tags such as zh-CN, the most important one first.

    Returns
    -------
    str
        Key of `LANGUAGES`; en if none fits.
    """
    for wish in wishes:
        found = (wish or "").lower().partition("-")[0].partition("_")[0]
        if found in LANGUAGES:
            return found
    return "en"
