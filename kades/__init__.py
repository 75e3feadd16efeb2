"""KADES: a woman's panic press, from her phone to the incident; her trail, her codes, her address.

A press is never lost, never refused for its content, and never looks accepted when it is not (law 1).
"""
