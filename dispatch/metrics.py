"""What `/metrics` tells of dispatch. Each figure is split by `drill`, so that no exercise flatters the real ones."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

SECONDS = (0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300)

INCIDENTS = Counter("merkez_incidents_total", "Incidents opened", ["source", "drill"])
OFFERS = Counter("merkez_offers_total", "Teams asked", ["drill"])
NOBODY_FREE = Counter("merkez_nobody_free_total", "Incidents that found nobody free when they first looked", ["drill"])
TO_FIRST_OFFER = Histogram(
    "merkez_to_first_offer_seconds", "From the receipt of an alert to its first offer (E9, E11)", ["source", "drill"], buckets=SECONDS
)
TO_YES = Histogram("merkez_to_yes_seconds", "From the receipt of an alert to the first yes (E3)", ["source", "drill"], buckets=SECONDS)
ANSWERS = Counter("merkez_answers_total", "What became of offers", ["state", "reason", "drill"])
