"""Plate recognition (PTS): gates, reads, the hotlist, and the hit that sends a team to look (E15).

A match is a presumption, never a finding: plates are twinned and misread, so a hit asks a team to observe until a person has
compared it, and it stays open until its outcome is written.
"""
