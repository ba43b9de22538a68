"""The language of pages: `_`, ngettext and {% trans %} in templates, the filter `said`, the words of scripts.

A message in a template is markup and its values are escaped, as Jinja2's newstyle gettext has it. Its own
functions are not used: they make markup of every label at every rendering, which cost half of a long page.
"""

from functools import cache
from pathlib import Path
from typing import Any, cast

from flask import Flask
from markupsafe import Markup

from blog.app import translation
from blog.app.script_words import script_words


def register(app: Flask, scripts: Path) -> None:
    env = app.jinja_env
    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    cast(Any, env).newstyle_gettext = True
    cast(dict[str, Any], env.globals).update({"_": _gettext, "gettext": _gettext, "ngettext": _ngettext})
    app.add_template_global(translation.spoken)
    app.add_template_global(lambda: script_words(scripts), "script_words")
    app.add_template_filter(translation.gettext, "said")


def _gettext(text: str, /, **values: object) -> Markup:
    if not values:
        return _label(translation.spoken(), text)
    return Markup(translation.gettext(text)) % values  # noqa: S704  a message is ours, as a template is


@cache
def _label(_language: str, text: str) -> Markup:
    return Markup(translation.gettext(text).replace("%%", "%"))  # noqa: S704


def _ngettext(one: str, several: str, n: int, /, **values: object) -> Markup:
    return Markup(translation.ngettext(one, several, n)) % values  # noqa: S704
