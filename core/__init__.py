"""The ground floor: what every room stands on, and no domain word in it."""
