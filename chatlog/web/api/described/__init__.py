"""What the server speaks, described for programs: OpenAPI, AsyncAPI and JSON Schema.

All three are made from the types that decode and encode, so that a new kind of event is in them.
"""
