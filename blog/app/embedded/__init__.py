"""What comes along so that nothing need be installed first: a database and a model engine."""
