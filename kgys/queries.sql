-- Statements of the KGYS room.

-- name: near
SELECT * FROM kgys_near(%(lon)s, %(lat)s, %(at)s, %(limit)s)

-- name: cameras
-- A retired camera has no view after it went, so it is found by the times when it had one.
SELECT c.id, c.name, c.province, c.owner, c.state, c.state_at, ST_X(s.position) AS lon, ST_Y(s.position) AS lat, s.bearing_deg, s.fov_deg,
       s.range_m, ST_AsGeoJSON(s.sector, 6) AS sector, s.valid_from, s.valid_to
FROM camera c
JOIN camera_sector s ON s.camera_id = c.id AND s.valid_from <= %(at)s AND (s.valid_to IS NULL OR s.valid_to > %(at)s)
WHERE (%(after_name)s::text IS NULL OR (c.name, c.id) > (%(after_name)s, %(after_id)s::uuid))
  AND (%(camera_id)s::uuid IS NULL OR c.id = %(camera_id)s)
ORDER BY c.name, c.id
LIMIT %(limit)s

-- name: add_camera
INSERT INTO camera (id, name, province, owner, state, state_at, created_at)
VALUES (%(id)s, %(name)s, %(province)s, %(owner)s, %(state)s, %(now)s, %(now)s)

-- name: lock_camera
SELECT id, province, state FROM camera WHERE id = %(camera_id)s FOR NO KEY UPDATE

-- name: set_state
UPDATE camera SET state = %(state)s, state_at = %(now)s WHERE id = %(camera_id)s

-- name: end_view
-- Ends the present view; no row when it began at or after that moment.
UPDATE camera_sector SET valid_to = %(at)s WHERE camera_id = %(camera_id)s AND valid_to IS NULL AND valid_from < %(at)s RETURNING id

-- name: add_view
INSERT INTO camera_sector (id, camera_id, province, position, bearing_deg, fov_deg, range_m, sector, valid_from)
VALUES (%(id)s, %(camera_id)s, %(province)s, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326), %(bearing_deg)s, %(fov_deg)s,
        %(range_m)s, ST_GeomFromWKB(%(sector)s, 4326), %(at)s)
