"""What this room tells others: who pressed, for the incident's page."""

from kades.service.desk import caller_brief

__all__ = ["caller_brief"]
