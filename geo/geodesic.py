"""Distance, bearing and destination on the WGS84 ellipsoid: Vincenty's formulae, plain numbers in degrees and metres.

T. Vincenty, Direct and Inverse Solutions of Geodesics on the Ellipsoid, Survey Review XXIII (1975). They agree with PostGIS
`geography` to under a millimetre (a test holds them to it) and fail to converge only for nearly antipodal points, which no site's
area holds.
"""

from math import atan, atan2, cos, degrees, hypot, radians, sin, sqrt, tan
from typing import Final

#: Semi-axes of WGS84 in metres, and its flattening.
EQUATOR_M: Final = 6_378_137.0
FLATTENING: Final = 1 / 298.257223563
POLE_M: Final = EQUATOR_M * (1 - FLATTENING)

#: Radians; 6e-13 rad is 4 micrometres on the ground.
CLOSE_ENOUGH: Final = 6e-13
MOST_ROUNDS: Final = 100


def inverse(lon1: float, lat1: float, lon2: float, lat2: float) -> tuple[float, float]:
    """Return metres from the first point to the second and the bearing at the first, degrees clockwise from north, 0 <= bearing < 360.

    The bearing between a point and itself is 0. Raises ArithmeticError for nearly antipodal points.
    """
    u1, u2 = _reduced(lat1), _reduced(lat2)
    su1, cu1, su2, cu2 = sin(u1), cos(u1), sin(u2), cos(u2)
    apart = lam = radians(lon2 - lon1)
    for _ in range(MOST_ROUNDS):
        across, along = cu2 * sin(lam), cu1 * su2 - su1 * cu2 * cos(lam)
        sin_s, cos_s = hypot(across, along), su1 * su2 + cu1 * cu2 * cos(lam)
        if sin_s == 0:
            # The same point, or so near (a millionth of a millimetre) that no direction is left.
            return 0.0, 0.0
        sigma = atan2(sin_s, cos_s)
        sin_a = cu1 * cu2 * sin(lam) / sin_s
        cos2_a = 1 - sin_a * sin_a
        # On the equator cos2_a is 0 and the middle of the arc has no latitude to speak of.
        cos_2m = cos_s - 2 * su1 * su2 / cos2_a if cos2_a else 0.0
        c = _longitude_term(cos2_a)
        spread = sigma + c * sin_s * (cos_2m + c * cos_s * (2 * cos_2m**2 - 1))
        before, lam = lam, apart + (1 - c) * FLATTENING * sin_a * spread
        if abs(lam - before) < CLOSE_ENOUGH:
            scale, delta = _arc_terms(cos2_a, sin_s, cos_s, cos_2m)
            return POLE_M * scale * (sigma - delta), degrees(atan2(across, along)) % 360
    raise ArithmeticError("nearly antipodal points")  # noqa: EM101, TRY003 -- no area of a site reaches there


def direct(lon: float, lat: float, bearing_deg: float, distance_m: float) -> tuple[float, float]:
    """Return the (lon, lat) reached by going `distance_m` metres from the point in the given direction."""
    a1, u1 = radians(bearing_deg), _reduced(lat)
    su1, cu1 = sin(u1), cos(u1)
    sin_a = cu1 * sin(a1)
    cos2_a = 1 - sin_a * sin_a
    to_middle = atan2(tan(u1), cos(a1))
    scale, _ = _arc_terms(cos2_a, 0.0, 1.0, 0.0)
    sigma = plain = distance_m / (POLE_M * scale)
    for _ in range(MOST_ROUNDS):
        cos_2m = cos(2 * to_middle + sigma)
        _, delta = _arc_terms(cos2_a, sin(sigma), cos(sigma), cos_2m)
        before, sigma = sigma, plain + delta
        if abs(sigma - before) < CLOSE_ENOUGH:
            break
    cos_2m, sin_s, cos_s = cos(2 * to_middle + sigma), sin(sigma), cos(sigma)
    rest = su1 * sin_s - cu1 * cos_s * cos(a1)
    new_lat = atan2(su1 * cos_s + cu1 * sin_s * cos(a1), (1 - FLATTENING) * hypot(sin_a, rest))
    lam = atan2(sin_s * sin(a1), cu1 * cos_s - su1 * sin_s * cos(a1))
    c = _longitude_term(cos2_a)
    spread = sigma + c * sin_s * (cos_2m + c * cos_s * (2 * cos_2m**2 - 1))
    return lon + degrees(lam - (1 - c) * FLATTENING * sin_a * spread), degrees(new_lat)


def _reduced(lat: float) -> float:
    """Return the latitude on the auxiliary sphere, radians."""
    return atan((1 - FLATTENING) * tan(radians(lat)))


def _longitude_term(cos2_a: float) -> float:
    """Return Vincenty's C."""
    return FLATTENING / 16 * cos2_a * (4 + FLATTENING * (4 - 3 * cos2_a))


def _arc_terms(cos2_a: float, sin_s: float, cos_s: float, cos_2m: float) -> tuple[float, float]:
    """Return Vincenty's A and delta sigma, in Helmert's expansion."""
    root = sqrt(1 + cos2_a * (EQUATOR_M**2 - POLE_M**2) / POLE_M**2)
    k = (root - 1) / (root + 1)
    scale = (1 + k * k / 4) / (1 - k)
    b = k * (1 - 3 * k * k / 8)
    inner = cos_s * (2 * cos_2m**2 - 1) - b / 6 * cos_2m * (4 * sin_s**2 - 3) * (4 * cos_2m**2 - 3)
    return scale, b * sin_s * (cos_2m + b / 4 * inner)
