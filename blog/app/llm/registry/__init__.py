"""The registry of what can be asked and who answers: providers, models, prompt parts, actions. Runs nothing."""
