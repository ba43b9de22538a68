"""Rows as a file to keep, written while it is sent, so that a million of them need no memory."""

from collections.abc import Iterable, Sequence

from flask import Response

from blog.app import web
from blog.app.insight import exporting
from blog.app.insight.models import ExportFormat


def download(
    name: str, form: ExportFormat, columns: Sequence[str], rows: Iterable[exporting.Row]
) -> Response:
    """`columns`: what of a row a table has. Gives the request's connection back before the first row."""
    web.release_conn()
    lines, kind = (
        (exporting.table_of(columns, rows), "text/csv")
        if form == "csv"
        else (exporting.json_lines(rows), "application/jsonl")
    )
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{form}"',
        "X-Accel-Buffering": "no",
    }
    return Response(lines, mimetype=kind, headers=headers)
