"""The desk of automation, for runs that were for a post."""

from tests.automation.conftest import desk

__all__ = ["desk"]
