"""The registry of who answers: providers and their models, found or connected by hand. Runs nothing."""
