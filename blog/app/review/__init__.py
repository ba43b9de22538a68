"""How people work a post through its stages: status, hand-over, comments, notifications."""
