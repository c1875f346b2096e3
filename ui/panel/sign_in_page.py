"""The forms of signing in and out, as HTML that needs no script."""

import html
import re
from pathlib import Path
from string import Template
from urllib.parse import quote

from ui.panel.catalogue import LANGUAGES, Catalogue
from ui.panel.plotly_script import plotly_path

__all__ = ["sign_in_page", "sign_out_page"]

_PAGE = Template((Path(__file__).resolve().parent / "sign_in.html").read_text(encoding="utf-8"))
_ROLES = ("operate", "read")
_COMMAND = re.compile(r"`([^`]+)`")


def sign_in_page(words: Catalogue, form: str, next_path: str, *, said: str = "", role: str = "operate") -> str:
    """Return the form that asks for role and password.

    Parameters
    ----------
    words : Catalogue
        The viewer's language.
    form : str
        What the form must repeat.
    next_path : str
        Where to go afterwards.
    said : str
        Why the last try did not work; plain text.
    role : str
        Which role is chosen.

    Returns
    -------
    str
        HTML; all text is escaped.
    """
    choices = "".join(
        f'<label class="role"><input type="radio" name="role" value="{each}"{" checked" if each == role else ""}>'
        f"{html.escape(words.word('role', each))}</label>"
        for each in _ROLES
    )
    fields = (
        f"<fieldset><legend>{html.escape(words.text('sign_in.role'))}</legend>{choices}</fieldset>"
        f'<label for="password">{html.escape(words.text("sign_in.password"))}</label>'
        '<input id="password" name="password" type="password" required autofocus maxlength="1000"'
        ' autocomplete="current-password">'
    )
    other = next(language for language in LANGUAGES if language != words.language)
    address = f"/login?lang={other}&next={quote(next_path, safe='/')}"
    small = (
        f"{_written(words.text('sign_in.hint'))} "
        f'<a href="{html.escape(address)}" lang="{other}">{html.escape(LANGUAGES[other])}</a>'
    )
    title, button = words.text("sign_in.title"), words.text("session.sign_in")
    return _page(words, title, button, "/login", form, next_path, fields, small, said)


def _written(words: str) -> str:
    """Return words as HTML; what stands in backticks is a command."""
    return _COMMAND.sub(r"<code>\1</code>", html.escape(words))


def sign_out_page(words: Catalogue, form: str) -> str:
    """Return the form that ends a session: a link alone never does.

    Parameters
    ----------
    words : Catalogue
        The viewer's language.
    form : str
        What the form must repeat.

    Returns
    -------
    str
        HTML.
    """
    back = f'<a href="/">{html.escape(words.text("sign_out.back"))}</a>'
    title, button = words.text("sign_out.title"), words.text("header.sign_out")
    return _page(words, title, button, "/logout", form, "/", "", back, "")


def _page(
    words: Catalogue,
    title: str,
    button: str,
    action: str,
    form: str,
    next_path: str,
    fields: str,
    small: str,
    said: str,
) -> str:
    return _PAGE.substitute(
        language=words.language,
        title=html.escape(title),
        button=html.escape(button),
        action=f"{action}?lang={words.language}",
        form=html.escape(form),
        next=html.escape(next_path),
        fields=fields,
        small=small,
        plots=plotly_path(),  # while the password is typed
        said=f'<p class="said" role="alert">{_written(said)}</p>' if said else "",
    )
