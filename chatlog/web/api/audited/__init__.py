"""The endpoints that need the scope ``audit`` or ``admin``, where people prove who they are."""
