"""The tables of webhooks: what they are, who delivers them, and how far each has come.

Every change is made under the log's lock; those of a delivery only while the node that makes them
holds the webhook.
"""
