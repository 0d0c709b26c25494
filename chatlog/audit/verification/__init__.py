"""Verification: is the log what was written?"""
