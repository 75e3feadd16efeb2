-- Statements of dispatch. The searches and locks themselves are functions of migration 0003 (law 10: PostGIS predicates are not leakproof).

-- name: raise
SELECT incident_id, olay_no, joined FROM dispatch_raise(%(alert)s)

-- name: lock_incident
SELECT dispatch_lock_incident(%(id)s, %(any_scope)s, %(wait)s) AS facts

-- name: lock_dispatch
SELECT dispatch_lock_dispatch(%(id)s, %(team_id)s, %(wait)s) AS facts

-- name: lock_offer
SELECT dispatch_lock_offer(%(seq)s, %(team_id)s) AS facts

-- name: lock_said
SELECT dispatch_lock_said(%(sender)s, %(client_id)s, %(fingerprint)s, %(now)s, %(id)s, %(team_id)s) AS facts

-- name: keep_answer
UPDATE request_once SET answer = %(answer)s WHERE sender = %(sender)s AND client_id = %(client_id)s

-- name: pick
SELECT dispatch_pick(%(incident_id)s, %(dispatch_id)s, %(reach)s, %(excluded)s, %(stale_before)s, %(may_wait)s, %(list)s, %(few)s) AS picked

-- name: pick_named
SELECT dispatch_pick_named(%(incident_id)s, %(dispatch_id)s, %(team_id)s, %(reach)s) AS picked

-- name: nearest
SELECT team_id, code, distance_m, fixed_at FROM dispatch_nearest(%(lon)s, %(lat)s, %(limit)s)

-- name: waiting_for
SELECT dispatch_waiting_for(%(provinces)s, %(limit)s) AS id

-- name: hasten
-- Brings the next look of waiting incidents forward. Never waits: a timer that is locked is running, and looks again by itself.
UPDATE timer SET due_at = %(now)s WHERE kind = 'dispatch.choose' AND subject_id = ANY (ARRAY(
    SELECT subject_id FROM timer WHERE kind = 'dispatch.choose' AND subject_id = ANY (%(ids)s) AND due_at > %(now)s FOR UPDATE SKIP LOCKED))

-- name: save
SELECT * FROM dispatch_save(%(facts)s)

-- name: spread_dispatches
UPDATE dispatch SET provinces = %(provinces)s::smallint[] || team_province WHERE incident_id = %(id)s

-- name: spread_candidates
UPDATE candidate SET provinces = %(provinces)s WHERE incident_id = %(id)s

-- name: spread_events
UPDATE incident_event SET provinces = %(provinces)s WHERE incident_id = %(id)s

-- name: spread_alarms
UPDATE alarm SET provinces = %(provinces)s WHERE incident_id = %(id)s

-- name: spread_caller
UPDATE incident_caller SET provinces = %(provinces)s WHERE incident_id = %(id)s

-- name: add_event
INSERT INTO incident_event (incident_id, provinces, at, kind, actor_kind, actor_id, actor_name, detail)
SELECT id, provinces, %(at)s, %(kind)s, %(actor_kind)s, %(actor_id)s, %(actor_name)s, %(detail)s FROM incident WHERE id = %(id)s

-- name: add_caller
INSERT INTO incident_caller (incident_id, provinces, name, phone, words, received_at)
SELECT id, provinces, %(name)s, %(phone)s, %(words)s, received_at FROM incident WHERE id = %(id)s

-- name: caller
SELECT name, phone, words FROM incident_caller WHERE incident_id = %(id)s

-- name: add_alarm
INSERT INTO alarm (id, provinces, incident_id, kind, raised_at, note, drill)
VALUES (%(id)s, %(provinces)s, %(incident_id)s, %(kind)s, %(at)s, %(note)s, %(drill)s)
ON CONFLICT DO NOTHING
RETURNING *

-- name: lock_alarm
SELECT * FROM alarm WHERE id = %(id)s FOR NO KEY UPDATE

-- name: sound_alarm
UPDATE alarm SET times = times + 1 WHERE id = %(id)s AND acked_at IS NULL AND ended_at IS NULL RETURNING *

-- name: ack_alarm
UPDATE alarm SET acked_at = %(at)s, acked_by = %(by)s, acked_name = %(name)s, note = coalesce(%(note)s, note)
WHERE id = %(id)s AND acked_at IS NULL AND ended_at IS NULL RETURNING *

-- name: end_alarms
UPDATE alarm SET ended_at = %(at)s
WHERE incident_id = %(incident_id)s AND kind = ANY (%(kinds)s) AND acked_at IS NULL AND ended_at IS NULL RETURNING *

-- name: alarms
SELECT * FROM alarm WHERE NOT %(open)s OR (acked_at IS NULL AND ended_at IS NULL) ORDER BY raised_at DESC, id LIMIT %(limit)s

-- name: incidents
-- With their dispatches, newest first; `after` is the last one of the page before. The open ones have a statement of their own: they are few,
-- and must be found without walking past all that were ever closed.
SELECT jsonb_build_object(
    'incident', to_jsonb(i) - 'position' || jsonb_build_object('lon', ST_X(i.position::geometry), 'lat', ST_Y(i.position::geometry)),
    'dispatches', coalesce((SELECT jsonb_agg(to_jsonb(d) ORDER BY d.offered_at, d.id) FROM dispatch d WHERE d.incident_id = i.id), '[]'),
    'alarms', '[]'::jsonb) AS facts
FROM incident i
WHERE (NOT %(only_closed)s OR i.closed_at IS NOT NULL)
  AND (%(after_at)s::timestamptz IS NULL OR (i.received_at, i.id) < (%(after_at)s, %(after_id)s::uuid))
ORDER BY i.received_at DESC, i.id DESC LIMIT %(limit)s

-- name: incidents_open
SELECT jsonb_build_object(
    'incident', to_jsonb(i) - 'position' || jsonb_build_object('lon', ST_X(i.position::geometry), 'lat', ST_Y(i.position::geometry)),
    'dispatches', coalesce((SELECT jsonb_agg(to_jsonb(d) ORDER BY d.offered_at, d.id) FROM dispatch d WHERE d.incident_id = i.id), '[]'),
    'alarms', '[]'::jsonb) AS facts
FROM incident i
WHERE i.closed_at IS NULL
  AND (%(after_at)s::timestamptz IS NULL OR (i.received_at, i.id) < (%(after_at)s, %(after_id)s::uuid))
ORDER BY i.received_at DESC, i.id DESC LIMIT %(limit)s

-- name: incident
SELECT jsonb_build_object(
    'incident', to_jsonb(i) - 'position' || jsonb_build_object('lon', ST_X(i.position::geometry), 'lat', ST_Y(i.position::geometry)),
    'dispatches', coalesce((SELECT jsonb_agg(to_jsonb(d) ORDER BY d.offered_at, d.id) FROM dispatch d WHERE d.incident_id = i.id), '[]'),
    'alarms', '[]'::jsonb) AS facts
FROM incident i WHERE i.id = %(id)s

-- name: candidates
SELECT round, team_id, team_code, at, distance_m, eta_s, fix_age_s, stale, free, chosen, reason FROM candidate
WHERE incident_id = %(id)s ORDER BY round, distance_m NULLS LAST, team_code

-- name: history
SELECT at, kind, actor_kind, actor_name AS actor, detail FROM incident_event WHERE incident_id = %(id)s ORDER BY at, id

-- name: look
SELECT dispatch_look(%(id)s, %(team_id)s) AS facts

-- name: in_hand
SELECT dispatch_id, facts FROM dispatch_in_hand(%(team_id)s)

-- name: teams
SELECT t.id, t.code, t.kind, t.force, t.province, t.district, t.roster, t.engaged_dispatch, t.vehicle, t.stops_vehicles, t.woman_officer,
       t.first_aid, ST_X(p.position::geometry) AS lon, ST_Y(p.position::geometry) AS lat, p.accuracy_m, p.fixed_at, p.received_at,
       p.heading_deg, p.speed_mps
FROM team t LEFT JOIN team_position p ON p.team_id = t.id
WHERE (%(after)s::uuid IS NULL OR t.id > %(after)s) ORDER BY t.id LIMIT %(limit)s

-- name: district_exists
SELECT EXISTS (SELECT 1 FROM district WHERE id = %(id)s::bigint)

-- name: add_team
INSERT INTO team (id, code, kind, force, province, district, roster, roster_at, vehicle, stops_vehicles, woman_officer, first_aid, created_at)
VALUES (%(id)s, %(code)s, %(kind)s, %(force)s, %(province)s, %(district)s, %(roster)s, %(now)s, %(vehicle)s, %(stops_vehicles)s,
        %(woman_officer)s, %(first_aid)s, %(now)s)
ON CONFLICT (province, code) DO NOTHING
RETURNING id, code, kind, force, province, roster, engaged_dispatch

-- name: set_roster
UPDATE team SET roster = %(roster)s, roster_at = %(now)s WHERE id = %(id)s
RETURNING id, code, kind, force, province, roster, engaged_dispatch

-- name: team
SELECT t.id, t.code, t.kind, t.force, t.province, t.roster, t.engaged_dispatch,
       ST_X(p.position::geometry) AS lon, ST_Y(p.position::geometry) AS lat, p.accuracy_m, p.fixed_at
FROM team t LEFT JOIN team_position p ON p.team_id = t.id WHERE t.id = %(id)s

-- name: put_positions
SELECT unknown, appeared FROM dispatch_put_positions(
    %(teams)s::uuid[], %(lons)s::float8[], %(lats)s::float8[], %(accuracies)s::real[], %(fixed)s::timestamptz[],
    %(headings)s::real[], %(speeds)s::real[], %(now)s)

-- name: moved_since
-- No index on the time of receipt: it would cost each of thousands of updates a second more than this look costs once a second.
SELECT p.team_id, t.code, t.kind, t.force, t.province, t.roster, t.engaged_dispatch, ST_X(p.position::geometry) AS lon,
       ST_Y(p.position::geometry) AS lat, p.accuracy_m, p.fixed_at, p.received_at, p.heading_deg, p.speed_mps
FROM team_position p JOIN team t ON t.id = p.team_id
WHERE p.received_at > %(since)s

-- name: within
SELECT p.team_id, t.code, t.kind, t.force, t.province, t.roster, t.engaged_dispatch, ST_X(p.position::geometry) AS lon,
       ST_Y(p.position::geometry) AS lat, p.accuracy_m, p.fixed_at, p.received_at, p.heading_deg, p.speed_mps
FROM team_position p JOIN team t ON t.id = p.team_id
WHERE ST_X(p.position::geometry) BETWEEN %(west)s AND %(east)s AND ST_Y(p.position::geometry) BETWEEN %(south)s AND %(north)s

-- name: reindex_positions
REINDEX INDEX CONCURRENTLY team_position_gist

-- name: unowned
-- Nobody goes, nobody has taken it, and no alarm stands for it: the net under every other alarm.
SELECT i.id FROM incident i
WHERE i.closed_at IS NULL AND i.owner_id IS NULL AND i.state IN ('raised', 'waiting') AND i.received_at < %(before)s
  AND NOT EXISTS (SELECT 1 FROM alarm a WHERE a.incident_id = i.id)
ORDER BY i.received_at LIMIT 100

-- name: seeking_unwatched
SELECT i.id FROM incident i
WHERE i.seeking AND NOT EXISTS (SELECT 1 FROM timer t WHERE t.kind = 'dispatch.choose' AND t.subject_id = i.id)
ORDER BY i.priority, i.received_at, i.id LIMIT 500

-- name: lost_offers
-- An offer whose wait was lost with a timer would stand for ever.
SELECT id FROM dispatch WHERE state IN ('offered', 'acknowledged') AND accept_due_at < %(before)s LIMIT 500

-- name: unsounded_alarms
SELECT id FROM alarm a WHERE acked_at IS NULL AND ended_at IS NULL AND raised_at < %(before)s
  AND NOT EXISTS (SELECT 1 FROM timer t WHERE t.kind = 'dispatch.alarm_again' AND t.subject_id = a.id) LIMIT 500

-- name: roster_gaps
SELECT province, count(*) FILTER (WHERE roster <> 'off_duty') AS on_duty FROM team GROUP BY province

-- name: track_days
SELECT dispatch_track_days(%(first)s, %(last)s)

-- name: standings
SELECT i.id, i.state, i.provinces, i.merged_into, ARRAY(SELECT d.state FROM dispatch d WHERE d.incident_id = i.id) AS dispatches
FROM incident i WHERE i.id = ANY (%(ids)s)
