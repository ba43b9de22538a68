"""The bench: one action put together, previewed as it is typed, bound to fields, made live."""
