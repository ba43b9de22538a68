"""What a model is asked: prompt parts, and the actions made of them. Sends nothing."""
