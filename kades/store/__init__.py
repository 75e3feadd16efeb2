"""The only package of this room that touches SQL."""
