"""Cases: inputs an action is tried on, what its answers are held to, and the gate before going live."""
