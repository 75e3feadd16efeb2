-- Statements of the geo room. Their answers are those of geo.places.PlaceIndex; tests/geo/test_store.py holds the two together.

-- name: place_of
-- The district that holds the point (lowest id on a common border), else the nearest within reach and how far off it is.
WITH here AS (
    SELECT ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4326) AS at,
           %(lon_degree_m)s::float8 * cos(radians(%(lat)s::float8)) AS lon_m,
           %(lat_degree_m)s::float8 AS lat_m,
           %(reach_m)s::float8 AS reach_m
), inside AS (
    SELECT d.id, 0::float8 AS off_m
    FROM here JOIN district d ON ST_Intersects(d.geom, here.at)
    ORDER BY d.id
    LIMIT 1
), outside AS (
    -- Degrees scaled to metres around the point, and to the millimetre, exactly as in geo.places: two districts share the nearest vertex of a coast.
    SELECT near.id, near.off_m
    FROM (
        SELECT d.id,
               here.reach_m,
               round(ST_Distance(ST_Scale(d.geom, here.lon_m, here.lat_m), ST_Scale(here.at, here.lon_m, here.lat_m))::numeric, 3)::float8 AS off_m
        FROM here JOIN district d ON d.geom && ST_Expand(here.at, here.reach_m / here.lon_m, here.reach_m / here.lat_m)
        WHERE NOT EXISTS (SELECT FROM inside)
    ) near
    WHERE near.off_m <= near.reach_m
    ORDER BY near.off_m, near.id
    LIMIT 1
)
SELECT p.code AS province_code, p.name AS province_name, d.id AS district_id, d.name AS district_name, found.off_m
FROM (SELECT id, off_m FROM inside UNION ALL SELECT id, off_m FROM outside) found
JOIN district d USING (id)
JOIN province p ON p.code = d.province;

-- name: upsert_province
INSERT INTO province AS old (code, name, neighbours, geom)
VALUES (%(code)s, %(name)s, %(neighbours)s, ST_GeomFromWKB(%(wkb)s, 4326))
ON CONFLICT (code) DO UPDATE SET name = excluded.name, neighbours = excluded.neighbours, geom = excluded.geom
WHERE (old.name, old.neighbours, old.geom::bytea) IS DISTINCT FROM (excluded.name, excluded.neighbours, excluded.geom::bytea);

-- name: upsert_district
INSERT INTO district AS old (id, province, name, geom)
VALUES (%(id)s, %(province)s, %(name)s, ST_GeomFromWKB(%(wkb)s, 4326))
ON CONFLICT (id) DO UPDATE SET province = excluded.province, name = excluded.name, geom = excluded.geom
WHERE (old.province, old.name, old.geom::bytea) IS DISTINCT FROM (excluded.province, excluded.name, excluded.geom::bytea);
