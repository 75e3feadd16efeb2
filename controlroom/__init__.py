"""The top floor: the only package that knows every room.

Commands, settings, the pool, the list of routers and jobs, the private database, the simulated city.
"""
