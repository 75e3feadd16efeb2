"""The stories of this room; each runs in its caller's transaction and never commits."""
