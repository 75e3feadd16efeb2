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
UPDATE timer SET due_at = %(now)s WHERE (kind, subject_id) IN (
    SELECT kind, subject_id FROM timer WHERE kind = 'dispatch.choose' AND subject_id = ANY (%(ids)s) AND due_at > %(now)s FOR UPDATE SKIP LOCKED)

-- name: save
-- One statement for every change: a press must not pay a round trip for each table it touches. Empty lists cost next to nothing.
WITH new AS (
    SELECT * FROM jsonb_to_record(%(incident)s) AS x (
        id uuid, state text, provinces smallint[], priority smallint, lon float8, lat float8, accuracy_m real, fixed_at timestamptz,
        position_kind text, place_text text, instruction text, automatic boolean, needed_teams smallint, owner_id uuid, owner_name text,
        taken_at timestamptz, evaluation text, cancelled text, again_at timestamptz, warned_at timestamptz, breached_at timestamptz,
        round smallint, seeking boolean, reach smallint[], delivered_at timestamptz, outcome text, outcome_body text,
        closed_at timestamptz, closed_by uuid, merged_into uuid)
), changed AS (
    UPDATE dispatch d
    SET state = n.state, acknowledged_at = n.acknowledged_at, accepted_at = n.accepted_at, en_route_at = n.en_route_at,
        on_scene_at = n.on_scene_at, ended_at = n.ended_at, reason = n.reason, by = n.by, lead = n.lead, incident_id = n.incident_id
    FROM jsonb_to_recordset(%(changed)s) AS n (
        id uuid, incident_id uuid, state text, acknowledged_at timestamptz, accepted_at timestamptz, en_route_at timestamptz,
        on_scene_at timestamptz, ended_at timestamptz, reason text, by text, lead boolean)
    WHERE d.id = n.id
), added AS (
    INSERT INTO dispatch (
        id, incident_id, provinces, team_id, team_code, team_province, state, round, offered_at, offered_by, ack_due_at, accept_due_at,
        acknowledged_at, accepted_at, by, lead, drill, distance_m, eta_s, fix_age_s)
    SELECT n.id, n.incident_id, (SELECT new.provinces || n.team_province FROM new), n.team_id, n.team_code, n.team_province, n.state, n.round,
           n.offered_at, n.offered_by, n.ack_due_at, n.accept_due_at, n.acknowledged_at, n.accepted_at, n.by, n.lead, n.drill,
           n.distance_m, n.eta_s, n.fix_age_s
    FROM jsonb_to_recordset(%(added)s) AS n (
        id uuid, incident_id uuid, team_id uuid, team_code text, team_province smallint, state text, round smallint, offered_at timestamptz,
        offered_by uuid, ack_due_at timestamptz, accept_due_at timestamptz, acknowledged_at timestamptz, accepted_at timestamptz, by text,
        lead boolean, drill boolean, distance_m real, eta_s int, fix_age_s real)
), looked AS (
    INSERT INTO candidate (incident_id, round, team_id, provinces, team_code, at, distance_m, eta_s, fix_age_s, stale, free, chosen, reason)
    SELECT new.id, new.round, n.team_id, new.provinces, n.team_code, %(now)s, n.distance_m, n.eta_s, n.fix_age_s, n.stale, n.free, n.chosen, n.reason
    FROM new, jsonb_to_recordset(%(candidates)s) AS n (
        team_id uuid, team_code text, distance_m real, eta_s int, fix_age_s real, stale boolean, free boolean, chosen boolean, reason text)
    ON CONFLICT (incident_id, round, team_id) DO NOTHING
), told AS (
    INSERT INTO incident_event (incident_id, provinces, at, kind, actor_kind, actor_id, actor_name, detail)
    SELECT new.id, new.provinces, %(now)s, n.kind, n.actor_kind, n.actor_id, n.actor_name, n.detail
    FROM new, jsonb_to_recordset(%(events)s) AS n (kind text, actor_kind text, actor_id uuid, actor_name text, detail jsonb)
), freed AS (
    -- Only while it still names that dispatch: the team may have been claimed anew meanwhile.
    UPDATE team t SET engaged_dispatch = NULL WHERE t.id = ANY (%(freed_teams)s) AND t.engaged_dispatch = ANY (%(freed)s)
    RETURNING t.id, t.code, t.kind, t.force, t.province, t.roster, t.engaged_dispatch
), engaged AS (
    UPDATE team t SET engaged_dispatch = %(engaged)s WHERE t.id = %(engaged_team)s AND t.engaged_dispatch IS NULL
    RETURNING t.id, t.code, t.kind, t.force, t.province, t.roster, t.engaged_dispatch
), kept AS (
    UPDATE request_once SET answer = %(answer)s WHERE sender = %(sender)s AND client_id = %(client_id)s
), stood AS (
    UPDATE incident i
    SET state = new.state, provinces = new.provinces, priority = new.priority,
        position = CASE WHEN new.lon IS NOT NULL THEN ST_SetSRID(ST_MakePoint(new.lon, new.lat), 4326)::geography END,
        accuracy_m = new.accuracy_m, fixed_at = new.fixed_at, position_kind = new.position_kind, place_text = new.place_text,
        instruction = new.instruction, automatic = new.automatic, needed_teams = new.needed_teams, owner_id = new.owner_id,
        owner_name = new.owner_name, taken_at = new.taken_at, evaluation = new.evaluation, cancelled = new.cancelled,
        again_at = new.again_at, warned_at = new.warned_at, breached_at = new.breached_at, round = new.round, seeking = new.seeking,
        reach = new.reach, delivered_at = new.delivered_at, outcome = new.outcome, outcome_body = new.outcome_body,
        closed_at = new.closed_at, closed_by = new.closed_by, merged_into = new.merged_into, version = i.version + 1
    FROM new WHERE i.id = new.id
)
SELECT freed.*, ARRAY(
    SELECT w FROM dispatch_waiting_for(ARRAY[freed.province], 8) AS w WHERE freed.roster = 'available') AS waiting FROM freed
UNION ALL SELECT engaged.*, '{}' FROM engaged

-- name: save_step
-- `save` for a dispatch that moves on while its incident stays as it is: most of what crews say. Half the cost, for the incident's row is
-- wide and a statement opens every table it may write to.
WITH changed AS (
    UPDATE dispatch d
    SET state = n.state, acknowledged_at = n.acknowledged_at, accepted_at = n.accepted_at, en_route_at = n.en_route_at,
        on_scene_at = n.on_scene_at, ended_at = n.ended_at, reason = n.reason, by = n.by, lead = n.lead, incident_id = n.incident_id
    FROM jsonb_to_recordset(%(changed)s) AS n (
        id uuid, incident_id uuid, state text, acknowledged_at timestamptz, accepted_at timestamptz, en_route_at timestamptz,
        on_scene_at timestamptz, ended_at timestamptz, reason text, by text, lead boolean)
    WHERE d.id = n.id
), told AS (
    INSERT INTO incident_event (incident_id, provinces, at, kind, actor_kind, actor_id, actor_name, detail)
    SELECT %(id)s, %(provinces)s::smallint[], %(now)s, n.kind, n.actor_kind, n.actor_id, n.actor_name, n.detail
    FROM jsonb_to_recordset(%(events)s) AS n (kind text, actor_kind text, actor_id uuid, actor_name text, detail jsonb)
), freed AS (
    -- Only while it still names that dispatch: the team may have been claimed anew meanwhile.
    UPDATE team t SET engaged_dispatch = NULL WHERE t.id = ANY (%(freed_teams)s) AND t.engaged_dispatch = ANY (%(freed)s)
    RETURNING t.id, t.code, t.kind, t.force, t.province, t.roster, t.engaged_dispatch
), kept AS (
    UPDATE request_once SET answer = %(answer)s WHERE sender = %(sender)s AND client_id = %(client_id)s
)
SELECT freed.*, ARRAY(
    SELECT w FROM dispatch_waiting_for(ARRAY[freed.province], 8) AS w WHERE freed.roster = 'available') AS waiting FROM freed

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

-- name: track_prune
SELECT dispatch_track_prune(%(before)s)

-- name: standings
SELECT i.id, i.state, i.provinces, i.merged_into, ARRAY(SELECT d.state FROM dispatch d WHERE d.incident_id = i.id) AS dispatches
FROM incident i WHERE i.id = ANY (%(ids)s)
