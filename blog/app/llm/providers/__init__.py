"""Adapters: one module per wire format. They know nothing of the rest of the product."""
