"""The audit trail as it is read: found, exported, sealed into a chain, checked, and kept for so long."""
