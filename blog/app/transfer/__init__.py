"""The registry as one file: workflow, prompt parts and actions, out of one installation and into another."""
