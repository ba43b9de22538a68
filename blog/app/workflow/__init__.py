"""How a post is made: stages, fields, and where posts and models meet."""
