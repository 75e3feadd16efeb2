"""The only package of this room that touches SQL: named statements in, the rules' own values out."""
