"""The list of tables in docs/data_model.md, made from the comments of create_tables.sql.

`python -m tests.house.table_list` writes it there; test_docs.py refuses another one.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "sql" / "create_tables.sql"
PAGE = ROOT / "docs" / "data_model.md"
BEGIN, END = "<!-- tables: begin -->\n", "<!-- tables: end -->\n"

SECTION = re.compile(r"^-- -{20,}\n-- (.+)\n-- -{20,}\n", re.MULTILINE)
COMMENT = re.compile(r"COMMENT ON TABLE (\w+) IS\s+'((?:[^']|'')*)';")


def table_list() -> str:
    """One table of the page for each chapter of the schema, in reading order."""
    _, *chapters = SECTION.split(SCHEMA.read_text())
    pairs = zip(chapters[::2], chapters[1::2], strict=True)
    return "\n".join(_chapter(title, text) for title, text in pairs)


def _chapter(title: str, text: str) -> str:
    found = [(name, comment.replace("''", "'")) for name, comment in COMMENT.findall(text)]
    rows = [f"| `{name}` | {comment} |" for name, comment in found]
    return "\n".join([f"### {title}", "", "| table | why it exists |", "|---|---|", *rows, ""])


def written() -> str:
    """The list as the page has it."""
    return PAGE.read_text().partition(BEGIN)[2].partition(END)[0]


def write() -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + BEGIN + table_list() + END + rest.partition(END)[2])


if __name__ == "__main__":
    write()
