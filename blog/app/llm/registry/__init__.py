"""The registry of what can be asked and who answers: providers, models, parts, actions. Runs nothing."""
