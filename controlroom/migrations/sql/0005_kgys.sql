-- City cameras (KGYS): a registry, and what each camera could see at a moment. 80,901 cameras in 2022: searches by place are the hot path.

CREATE TABLE camera (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    province smallint NOT NULL REFERENCES province,
    owner text NOT NULL CHECK (owner IN ('police', 'gendarmerie', 'municipality', 'private')),
    state text NOT NULL DEFAULT 'online' CHECK (state IN ('online', 'offline', 'fault', 'maintenance', 'retired')),
    state_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE camera IS 'One camera; where it stands and looks is in camera_sector, because that changes and old footage must be found by the old view.';
CREATE INDEX camera_by_province ON camera (province, name, id);

CREATE TABLE camera_sector (
    id uuid PRIMARY KEY,
    camera_id uuid NOT NULL REFERENCES camera ON DELETE CASCADE,
    province smallint NOT NULL REFERENCES province,
    position geometry(Point, 4326) NOT NULL,
    bearing_deg real NOT NULL CHECK (bearing_deg >= 0 AND bearing_deg < 360),
    fov_deg real NOT NULL CHECK (fov_deg > 0 AND fov_deg <= 360),
    range_m real NOT NULL CHECK (range_m > 0 AND range_m <= 5000),
    sector geometry(Polygon, 4326) NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    CHECK (valid_to IS NULL OR valid_to > valid_from)
);
COMMENT ON TABLE camera_sector IS 'A view that held from valid_from until before valid_to (NULL: still). A re-aimed camera ends one row and begins another.';
CREATE UNIQUE INDEX camera_sector_one_open ON camera_sector (camera_id) WHERE valid_to IS NULL;
-- Without valid_from: with it, the search by place also walked this index for half the table (80k sectors: 0.4 ms became 4.4 ms).
CREATE INDEX camera_sector_of_camera ON camera_sector (camera_id);
CREATE INDEX camera_sector_view ON camera_sector USING gist (sector);

-- Cameras are equipment, not case data: an admin, who has an office and no scope, sets them up.
ALTER TABLE camera ENABLE ROW LEVEL SECURITY;
ALTER TABLE camera FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON camera USING (province = ANY ((SELECT core_scope() || core_office())::smallint[]));
ALTER TABLE camera_sector ENABLE ROW LEVEL SECURITY;
ALTER TABLE camera_sector FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON camera_sector USING (province = ANY ((SELECT core_scope() || core_office())::smallint[]));

GRANT SELECT, INSERT, UPDATE ON camera, camera_sector TO merkez_api;
GRANT SELECT ON camera, camera_sector TO merkez_timers, merkez_sweep, merkez_geo;

-- PostGIS predicates are not leakproof, so row level security would keep the planner from the GiST index (0.14 ms became 7–13 ms at 80k
-- sectors). This function runs past it and checks the caller's scope itself. The best view first: a camera that works, then one that has the
-- point well inside its range and near the middle of its view.
CREATE FUNCTION kgys_near(p_lon float8, p_lat float8, p_at timestamptz, p_most int)
RETURNS TABLE (
    id uuid, name text, province smallint, owner text, state text, lon float8, lat float8, bearing_deg real, fov_deg real, range_m real,
    sector text, valid_from timestamptz, valid_to timestamptz, distance_m float8, off_axis_deg float8
)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp ROWS 20 AS $$
    WITH here AS (SELECT ST_SetSRID(ST_MakePoint(p_lon, p_lat), 4326) AS point, core_scope() AS scope)
    SELECT c.id, c.name, c.province, c.owner, c.state, ST_X(s.position), ST_Y(s.position), s.bearing_deg, s.fov_deg, s.range_m,
           ST_AsGeoJSON(s.sector, 6), s.valid_from, s.valid_to, seen.distance_m, seen.off_axis_deg
    FROM here
    JOIN camera_sector s ON ST_Covers(s.sector, here.point)
    JOIN camera c ON c.id = s.camera_id
    CROSS JOIN LATERAL (
        SELECT ST_Distance(s.position::geography, here.point::geography) AS distance_m,
               abs(mod((coalesce(degrees(ST_Azimuth(s.position::geography, here.point::geography)), s.bearing_deg)
                        - s.bearing_deg + 540)::numeric, 360) - 180)::float8 AS off_axis_deg
    ) seen
    WHERE s.province = ANY (here.scope)
      AND s.valid_from <= p_at AND (s.valid_to IS NULL OR s.valid_to > p_at)
    ORDER BY c.state <> 'online', seen.distance_m / s.range_m + seen.off_axis_deg / s.fov_deg, c.id
    LIMIT least(p_most, 100)
$$;
ALTER FUNCTION kgys_near(float8, float8, timestamptz, int) OWNER TO merkez_geo;
REVOKE ALL ON FUNCTION kgys_near(float8, float8, timestamptz, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kgys_near(float8, float8, timestamptz, int) TO merkez_api, merkez_timers;
