"""BlogForge: an editorial workflow whose every accepted word says who or what wrote it."""
