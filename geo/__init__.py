"""Points with accuracy, areas, provinces and districts, travel time.

Knows where things are and nothing of what they are for.
"""
