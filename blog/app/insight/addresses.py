"""Addresses of pages with what was asked of them. Pure."""

from urllib.parse import urlencode

from pydantic import BaseModel


def address(path: str, asked: BaseModel, **values: object) -> str:
    """The address of a page that was asked this; `values` replace or, as None, take away."""
    said = {**asked.model_dump(exclude_defaults=True, mode="json"), **values}
    present = {name: value for name, value in said.items() if value is not None}
    return f"{path}?{urlencode(present)}" if present else path
