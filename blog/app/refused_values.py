"""What pydantic says of a value that it refuses, in the reader's language. English stays pydantic's own.

What is not here, as no form or query of ours can bring it about, is said in English.
"""

from collections.abc import Mapping
from typing import Any

from blog.app.translation import N_, gettext, ngettext

WORDS = {
    "missing": N_("Field required"),
    "extra_forbidden": N_("Extra inputs are not permitted"),
    "string_type": N_("Input should be a valid string"),
    "string_pattern_mismatch": N_("String should match pattern '%(pattern)s'"),
    "int_type": N_("Input should be a valid integer"),
    "int_parsing": N_("Input should be a valid integer, unable to parse string as an integer"),
    "int_from_float": N_("Input should be a valid integer, got a number with a fractional part"),
    "greater_than": N_("Input should be greater than %(gt)s"),
    "greater_than_equal": N_("Input should be greater than or equal to %(ge)s"),
    "less_than": N_("Input should be less than %(lt)s"),
    "less_than_equal": N_("Input should be less than or equal to %(le)s"),
    "finite_number": N_("Input should be a finite number"),
    "bool_type": N_("Input should be a valid boolean"),
    "bool_parsing": N_("Input should be a valid boolean, unable to interpret input"),
    "float_type": N_("Input should be a valid number"),
    "float_parsing": N_("Input should be a valid number, unable to parse string as a number"),
    "decimal_type": N_("Decimal input should be an integer, float, string or Decimal object"),
    "decimal_parsing": N_("Input should be a valid decimal"),
    "literal_error": N_("Input should be %(expected)s"),
    "list_type": N_("Input should be a valid list"),
    "dict_type": N_("Input should be a valid dictionary"),
    "date_type": N_("Input should be a valid date"),
    "date_parsing": N_("Input should be a valid date in the format YYYY-MM-DD, %(error)s"),
    "date_from_datetime_parsing": N_("Input should be a valid date or datetime, %(error)s"),
    "datetime_parsing": N_("Input should be a valid datetime, %(error)s"),
    "datetime_from_date_parsing": N_("Input should be a valid datetime or date, %(error)s"),
}


def said(error: Mapping[str, Any]) -> str:
    """One of the errors of a ValidationError."""
    about = {name: _shown(value) for name, value in error.get("ctx", {}).items()}
    match error["type"]:
        case "value_error":
            return str(about["error"])  # said by our own schema, in the reader's language
        case "string_too_short":
            return ngettext(
                "String should have at least %(n)s character",
                "String should have at least %(n)s characters",
                about["min_length"],
                n=about["min_length"],
            )
        case "string_too_long":
            return ngettext(
                "String should have at most %(n)s character",
                "String should have at most %(n)s characters",
                about["max_length"],
                n=about["max_length"],
            )
        case kind if kind in WORDS:
            return gettext(WORDS[kind], **about) if about else gettext(WORDS[kind])
        case _:
            return str(error["msg"])


def _shown(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else value
