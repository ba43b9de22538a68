"""Prompt parts, models, runs: everything between an action and the checked reply; knows no posts."""
