"""Speed, shown side by side with a peer: ratios from one run, and the command to repeat it.

A load generator on one core talks over loopback to one server at a time on the other: to
chatlog, then to the Node.js server of the tutorial that chatlog grew from. Absolute figures
drift with the machine and its other work; CPU seconds and ratios within a run hold.

``python -m bench`` runs everything; ``README.md`` says how to read it. Nothing here is
imported by chatlog, and nothing of chatlog is imported here.
"""
