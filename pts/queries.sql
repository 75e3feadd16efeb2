-- Statements of the PTS room.

-- name: hear_gate
-- Marks the gate as heard and holds its row until COMMIT: two batches of one gate go one after the other, so neither can miss the other's
-- reads or hits.
UPDATE gate SET heard_at = %(now)s WHERE id = %(gate_id)s
RETURNING id, name, province, ST_X(position) AS lon, ST_Y(position) AS lat

-- name: take_reads
-- The hot path, once per batch: stores what is new, tells what came before with another content, and matches the new plates with the list.
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(reads)s) AS t (
        client_id uuid, plate text, plate_read text, confidence real, char_confidence real[], grammar text, read_at timestamptz,
        skew_ms bigint, late boolean, direction text
    )
), known AS (
    SELECT r.client_id, r.plate, r.read_at FROM pts_read r
    WHERE r.gate_id = %(gate_id)s AND r.client_id = ANY (SELECT client_id FROM given)
), stored AS (
    INSERT INTO pts_read (gate_id, client_id, received_at, province, plate, plate_read, confidence, char_confidence, grammar, read_at,
                          skew_ms, late, direction)
    SELECT %(gate_id)s, g.client_id, %(now)s, %(province)s, g.plate, g.plate_read, g.confidence, g.char_confidence, g.grammar, g.read_at,
           g.skew_ms, g.late, g.direction
    FROM given g
    WHERE NOT EXISTS (SELECT FROM known k WHERE k.client_id = g.client_id)
    RETURNING client_id, plate
)
SELECT g.client_id, s.client_id IS NOT NULL AS fresh,
       k.client_id IS NOT NULL AND (k.plate, k.read_at) IS DISTINCT FROM (g.plate, g.read_at) AS conflicts,
       m.entry_id, m.category, m.authority, m.document, m.recorded_at, m.valid_from, m.valid_to
FROM given g
LEFT JOIN stored s USING (client_id)
LEFT JOIN known k USING (client_id)
LEFT JOIN pts_match(ARRAY(SELECT DISTINCT plate FROM given), %(now)s) m ON m.plate = s.plate

-- name: put_image
INSERT INTO pts_image (gate_id, client_id, province, received_at, hit_id, jpeg)
VALUES (%(gate_id)s, %(client_id)s, %(province)s, %(now)s, %(hit_id)s, %(jpeg)s) ON CONFLICT DO NOTHING

-- name: gate_hits
SELECT h.id, h.plate, h.read_at, h.last_read_at, h.late, h.outcome IS NOT NULL AS concluded,
       ARRAY(SELECT e.entry_id FROM pts_hit_entry e WHERE e.hit_id = h.id) AS entry_ids
FROM pts_hit h
WHERE h.gate_id = %(gate_id)s AND h.plate = ANY (%(plates)s) AND h.last_read_at >= %(since)s
ORDER BY h.last_read_at DESC

-- name: hit_of_read
SELECT id FROM pts_hit WHERE gate_id = %(gate_id)s AND client_id = %(client_id)s

-- name: open_hit
INSERT INTO pts_hit (id, province, gate_id, client_id, incident_id, plate, plate_read, confidence, char_confidence, turkish, direction,
                     category, rank, read_at, last_read_at, received_at, skew_ms, late)
VALUES (%(id)s, %(province)s, %(gate_id)s, %(client_id)s, %(incident_id)s, %(plate)s, %(plate_read)s, %(confidence)s,
        %(char_confidence)s::real[], %(turkish)s, %(direction)s, %(category)s, %(rank)s, %(read_at)s, %(read_at)s, %(now)s,
        %(skew_ms)s, %(late)s)

-- name: add_hit_entry
INSERT INTO pts_hit_entry (hit_id, entry_id, province, category, authority, document, recorded_at, valid_from, valid_to)
VALUES (%(hit_id)s, %(entry_id)s, %(province)s, %(category)s, %(authority)s, %(document)s, %(recorded_at)s, %(valid_from)s, %(valid_to)s)
ON CONFLICT DO NOTHING

-- name: repeat_hit
UPDATE pts_hit SET reads = reads + 1, last_read_at = greatest(last_read_at, %(read_at)s) WHERE id = %(hit_id)s

-- name: hit_for_update
SELECT h.id, h.province, h.gate_id, h.incident_id, h.category, h.read_at, h.late, h.verdict, h.outcome, ST_X(g.position) AS lon,
       ST_Y(g.position) AS lat, ARRAY(SELECT e.entry_id FROM pts_hit_entry e WHERE e.hit_id = h.id) AS entry_ids
FROM pts_hit h JOIN gate g ON g.id = h.gate_id
WHERE h.id = %(hit_id)s
FOR NO KEY UPDATE OF h

-- name: set_verdict
UPDATE pts_hit SET verdict = %(verdict)s, verdict_at = %(now)s, verdict_by = %(by)s, verdict_note = %(note)s WHERE id = %(hit_id)s

-- name: set_outcome
UPDATE pts_hit SET outcome = %(outcome)s, outcome_at = %(now)s, outcome_by = %(by)s, outcome_note = %(note)s WHERE id = %(hit_id)s

-- name: still_active
SELECT e AS entry_id FROM pts_still_active(%(entry_ids)s::uuid[], %(now)s) e

-- name: open_hits_of_entry
SELECT h.id FROM pts_hit h JOIN pts_hit_entry e ON e.hit_id = h.id WHERE e.entry_id = %(entry_id)s AND h.outcome IS NULL ORDER BY h.id

-- name: hits
-- The weightiest and newest first; open ones before those that have their outcome.
SELECT h.id AS hit_id, h.incident_id, h.plate, h.plate_read, h.category, h.rank, h.read_at, h.last_read_at, h.received_at, h.confidence,
       h.char_confidence, h.turkish, h.direction, h.late, h.reads, h.skew_ms, h.verdict, h.verdict_at, h.verdict_by, h.verdict_note,
       h.outcome, h.outcome_at, h.outcome_by, h.outcome_note,
       g.id AS gate_id, g.name AS gate_name, ST_X(g.position) AS lon, ST_Y(g.position) AS lat, g.bearing_deg,
       EXISTS (SELECT FROM pts_image i WHERE i.hit_id = h.id) AS has_image,
       (SELECT jsonb_agg(jsonb_build_object('entry_id', e.entry_id, 'category', e.category, 'authority', e.authority,
                                            'document', e.document, 'recorded_at', e.recorded_at, 'valid_from', e.valid_from,
                                            'valid_to', e.valid_to)) FROM pts_hit_entry e WHERE e.hit_id = h.id) AS entries
FROM pts_hit h JOIN gate g ON g.id = h.gate_id
WHERE (%(open)s::boolean IS NULL OR %(open)s = (h.outcome IS NULL))
  AND (%(hit_id)s::uuid IS NULL OR h.id = %(hit_id)s)
  AND (%(incident_id)s::uuid IS NULL OR h.id IN (SELECT pts_hits_of(%(incident_id)s)))
  AND (%(after_rank)s::int IS NULL
       OR (h.outcome IS NOT NULL, h.rank::int) > (%(after_closed)s::boolean, %(after_rank)s)
       OR ((h.outcome IS NOT NULL, h.rank::int) = (%(after_closed)s::boolean, %(after_rank)s) AND h.id < %(after_id)s::uuid))
ORDER BY h.outcome IS NOT NULL, h.rank, h.id DESC
LIMIT %(limit)s

-- name: image_of_hit
SELECT jpeg FROM pts_image WHERE hit_id = %(hit_id)s ORDER BY received_at LIMIT 1

-- name: vehicle_of_incident
SELECT * FROM pts_vehicle_of(%(incident_id)s)

-- name: incident_now
SELECT id, alone, ours FROM pts_incident_now(%(incident_id)s)

-- name: gates
SELECT id, name, province, ST_X(position) AS lon, ST_Y(position) AS lat, bearing_deg, heard_at FROM gate
WHERE (%(after_name)s::text IS NULL OR (name, id) > (%(after_name)s, %(after_id)s::uuid))
ORDER BY name, id LIMIT %(limit)s

-- name: add_gate
INSERT INTO gate (id, name, province, position, bearing_deg, created_at)
VALUES (%(id)s, %(name)s, %(province)s, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326), %(bearing_deg)s, %(now)s)

-- name: add_entry
INSERT INTO hotlist_entry (id, province, plate, category, authority, document, note, valid_from, valid_to, recorded_at, recorded_by)
VALUES (%(id)s, %(province)s, %(plate)s, %(category)s, %(authority)s, %(document)s, %(note)s, %(valid_from)s, %(valid_to)s, %(now)s, %(by)s)

-- name: entry_for_update
SELECT id, province, category, ended_at FROM hotlist_entry WHERE id = %(entry_id)s FOR NO KEY UPDATE

-- name: end_entry
UPDATE hotlist_entry SET ended_at = %(now)s, ended_by = %(by)s, end_reason = %(reason)s WHERE id = %(entry_id)s

-- name: entries
SELECT id AS entry_id, province, plate, category, authority, document, note, valid_from, valid_to, recorded_at, recorded_by, ended_at,
       ended_by, end_reason
FROM hotlist_entry
WHERE (%(plate)s::text IS NULL OR plate = %(plate)s)
  AND (%(active_at)s::timestamptz IS NULL
       OR (ended_at IS NULL AND (valid_to IS NULL OR valid_to > %(active_at)s)))
  AND (%(after_id)s::uuid IS NULL OR id < %(after_id)s)
ORDER BY id DESC LIMIT %(limit)s

-- name: make_days
SELECT pts_read_make_days(%(from_day)s, %(days)s) AS made
