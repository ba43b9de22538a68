"""Front matter in YAML, written as JSON values, which YAML reads the same. Pure."""

import json
import re
from collections.abc import Mapping

from pydantic import JsonValue

# JSON may hold these as they are, YAML may not: control characters, its own line ends, the byte order mark.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def front_matter(values: Mapping[str, JsonValue]) -> str:
    """Between two lines of `---`; what is empty is left out."""
    lines = [
        f"{name}: {scalar(value)}\n" for name, value in values.items() if value not in ("", None, [], {})
    ]
    return "".join(["---\n", *lines, "---\n"])


def scalar(value: JsonValue) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
