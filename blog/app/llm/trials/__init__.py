"""Tests on the bench: one input, answered by several models or versions side by side; no post is touched."""
