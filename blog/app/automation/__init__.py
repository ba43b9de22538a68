"""Where posts and llm meet: actions run for a field, their suggestions, and what becomes of them."""
