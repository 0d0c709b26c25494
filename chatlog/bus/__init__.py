"""The bus: each node rings the others' bells when it has appended to the log.

A bell says how far the log has grown and, where that fits, in which rooms. Nothing depends on it
but latency: what there is, a node reads from the log, which it polls as well.
"""
