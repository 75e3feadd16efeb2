-- Provinces and districts: public reference data, so no row level security and readable by every role (architecture, law 10 is about people's rows).
-- The rows come from geo/data through geo.load.load_boundaries, right after this file in the same transaction.

CREATE TABLE province (
    code smallint PRIMARY KEY CHECK (code BETWEEN 1 AND 81),
    name text NOT NULL UNIQUE,
    neighbours smallint[] NOT NULL,
    geom geometry(MultiPolygon, 4326) NOT NULL
);
COMMENT ON TABLE province IS 'The 81 provinces (il) by plate code; see docs/data-geo.md.';
COMMENT ON COLUMN province.neighbours IS 'Codes of those who share a stretch of border with it.';

CREATE TABLE district (
    id integer PRIMARY KEY,
    province smallint NOT NULL REFERENCES province,
    name text NOT NULL,
    geom geometry(MultiPolygon, 4326) NOT NULL,
    UNIQUE (province, name),
    CHECK (id / 1000 = province)
);
COMMENT ON TABLE district IS 'The 973 districts (ilçe); id is the OCHA COD-AB number, province * 1000 + number within it.';

-- Uncompressed: a point-in-polygon test reads the whole shape, and unpacking it costs more than the test.
ALTER TABLE province ALTER COLUMN geom SET STORAGE EXTERNAL;
ALTER TABLE district ALTER COLUMN geom SET STORAGE EXTERNAL;

CREATE INDEX province_geom ON province USING gist (geom);
CREATE INDEX district_geom ON district USING gist (geom);

GRANT SELECT ON province, district TO PUBLIC;
