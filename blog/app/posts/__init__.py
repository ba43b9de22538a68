"""Posts, their sections, and every word ever written in them. Knows no workflow rule and no model."""
