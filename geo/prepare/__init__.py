"""Run once, by hand, when the source data changes; never at install and never by the running system.

The sources, their licences and the commands stand in docs/data-geo.md.
"""
