"""Incidents, teams, choosing, offering, escalating: the middle of the house."""
