"""The way of a chat: connections, the rooms that are live on this node, and its lease."""
