"""Random places for the simulated city and for tests. The caller brings the generator, so a seed repeats a city."""

from math import asin, degrees, radians, sin, sqrt
from random import Random

import shapely

from geo.places import place_index
from geo.point import Point


def random_point_in_province(code: int, rng: Random) -> Point:
    """Pick a point of the province, every square metre as likely as any other. Raises KeyError for a code outside 1..81."""
    shape = place_index().province(code).shape
    shapely.prepare(shape)
    west, south, east, north = shape.bounds
    low, high = sin(radians(south)), sin(radians(north))
    while True:
        # Uniform in the sine of the latitude is uniform on the ground. Provinces fill a fifth of their box at the very least.
        lon, lat = rng.uniform(west, east), degrees(asin(rng.uniform(low, high)))
        if shapely.contains_xy(shape, lon, lat):
            return Point(lon=lon, lat=lat)


def random_point_near(point: Point, radius_m: float, rng: Random) -> Point:
    """Pick a point at most `radius_m` metres away, uniform over the disc.

    Raises BadPosition when that lies outside the country's area.
    """
    return point.moved(bearing_deg=rng.uniform(0, 360), distance_m=radius_m * sqrt(rng.random()))
