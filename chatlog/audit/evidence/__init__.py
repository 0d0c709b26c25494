"""Signed evidence for third parties: checkpoints of the whole log, certificates of erasures."""
