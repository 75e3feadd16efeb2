-- What the sweep deletes. Each rule's statement takes %(before)s, %(batch)s and answers `gone` and `more`; run again while `more`.
-- A row whose incident is open never goes, however old it is.

-- name: look_at_mark
SELECT looked_at, stopped_sweep, stopped_why FROM sweep_mark FOR UPDATE

-- name: first_mark
INSERT INTO sweep_mark (looked_at) VALUES (%(now)s) ON CONFLICT DO NOTHING

-- name: set_mark
UPDATE sweep_mark SET looked_at = greatest(looked_at, %(now)s)

-- name: stop
UPDATE sweep_mark SET stopped_sweep = %(sweep_id)s, stopped_at = %(now)s, stopped_why = %(why)s WHERE stopped_sweep IS NULL RETURNING true

-- name: resume
UPDATE sweep_mark SET looked_at = %(now)s, stopped_sweep = NULL, stopped_at = NULL, stopped_why = NULL, resumed_by = %(by)s, resumed_at = %(now)s
WHERE stopped_sweep = %(sweep_id)s RETURNING true

-- name: mark
SELECT looked_at, stopped_sweep, stopped_at, stopped_why, resumed_by, resumed_at FROM sweep_mark

-- name: runs
SELECT id, sweep_id, rule, over_before, started_at, last_at, finished_at, batches, gone FROM deletion_run
WHERE (%(after)s::uuid IS NULL OR id < %(after)s) ORDER BY id DESC LIMIT %(limit)s

-- name: count_batch
INSERT INTO deletion_run AS r (id, sweep_id, rule, over_before, started_at, last_at, batches, gone, finished_at)
VALUES (%(id)s, %(sweep_id)s, %(rule)s, %(before)s, %(now)s, %(now)s, 1, %(gone)s, %(finished_at)s)
ON CONFLICT (sweep_id, rule) DO UPDATE
SET last_at = excluded.last_at, batches = r.batches + 1, gone = r.gone + excluded.gone, finished_at = excluded.finished_at

-- name: forget_register
DELETE FROM data_period

-- name: put_register
INSERT INTO data_period (table_name, column_name, what, why, period, seen_by, rule)
VALUES (%(table_name)s, %(column_name)s, %(what)s, %(why)s, %(period)s, %(seen_by)s, %(rule)s)

-- name: every_office
-- Accounts are an office's, not a scope's.
SELECT set_config('merkez.office', %(provinces)s, true)

-- name: again_at_once
UPDATE job_run SET started_at = 'epoch' WHERE name = %(name)s

-- name: event_log
-- The oldest are the lowest numbers, so this looks at one batch and not at the log.
WITH old AS (SELECT seq FROM (SELECT seq, at FROM event_log ORDER BY seq LIMIT %(batch)s) first WHERE at < %(before)s),
     gone AS (DELETE FROM event_log WHERE seq IN (SELECT seq FROM old) RETURNING 1)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: outbox
WITH old AS (SELECT id FROM (SELECT id, at FROM outbox ORDER BY id LIMIT %(batch)s) first WHERE at < %(before)s),
     gone AS (DELETE FROM outbox WHERE id IN (SELECT id FROM old) RETURNING 1)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: frame_shown
WITH old AS (SELECT session_id, seq FROM frame_shown WHERE at < %(before)s LIMIT %(batch)s),
     gone AS (DELETE FROM frame_shown f USING old WHERE (f.session_id, f.seq) = (old.session_id, old.seq) RETURNING 1)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: request_once
WITH old AS (SELECT sender, client_id FROM request_once WHERE at < %(before)s LIMIT %(batch)s),
     gone AS (DELETE FROM request_once r USING old WHERE (r.sender, r.client_id) = (old.sender, old.client_id) RETURNING 1)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: account
-- The row stays, because histories name its id; who it was does not.
WITH old AS (
    SELECT id FROM account WHERE disabled_at < %(before)s AND username NOT LIKE 'silindi-%%' LIMIT %(batch)s
), gone AS (
    UPDATE account a SET username = 'silindi-' || a.id, name = 'Silinmiş hesap', password_hash = '-' FROM old WHERE a.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: team_position
-- A crew on duty keeps its last position however old: somebody must still go when the gateway is down.
WITH old AS (
    SELECT p.team_id FROM team_position p JOIN team t ON t.id = p.team_id
    WHERE p.received_at < %(before)s AND t.roster = 'off_duty' AND t.engaged_dispatch IS NULL LIMIT %(batch)s
), gone AS (
    DELETE FROM team_position p USING old WHERE p.team_id = old.team_id AND p.received_at < %(before)s RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: team_track
SELECT coalesce(sum(gone), 0)::bigint AS gone, count(*) > 0 AS more FROM retention_track_drop_day(%(before)s)

-- name: incident_caller
WITH old AS (
    SELECT c.incident_id FROM incident_caller c JOIN incident i ON i.id = c.incident_id
    WHERE c.received_at < %(before)s AND i.closed_at < %(before)s LIMIT %(batch)s
), gone AS (
    DELETE FROM incident_caller c USING old WHERE c.incident_id = old.incident_id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: incident_event
WITH old AS (
    SELECT e.id FROM incident i JOIN incident_event e ON e.incident_id = i.id
    WHERE i.received_at < %(before)s AND i.closed_at < %(before)s LIMIT %(batch)s
), gone AS (
    DELETE FROM incident_event e USING old WHERE e.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: incident
-- The figures stay: kind, times, outcome, province.
WITH old AS (
    SELECT id FROM incident
    WHERE received_at < %(before)s AND closed_at < %(before)s
      AND (position IS NOT NULL OR num_nonnulls(place_text, person_id, owner_name) > 0)
    LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED
), gone AS (
    UPDATE incident i
    SET position = NULL, position_kind = 'none', accuracy_m = NULL, fixed_at = NULL, place_text = NULL, person_id = NULL, owner_name = NULL
    FROM old WHERE i.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: alarm
WITH old AS (
    SELECT a.id FROM alarm a LEFT JOIN incident i ON i.id = a.incident_id
    WHERE a.raised_at < %(before)s AND (a.incident_id IS NULL OR i.closed_at < %(before)s) AND num_nonnulls(a.acked_name, a.note) > 0
    LIMIT %(batch)s
), gone AS (
    UPDATE alarm a SET acked_name = NULL, note = NULL FROM old WHERE a.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: kades_registration_unverified
WITH old AS (
    SELECT id FROM kades_registration WHERE created_at < %(before)s AND verified_at IS NULL LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM kades_registration r USING old WHERE r.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: kades_registration
WITH old AS (SELECT id FROM kades_registration WHERE created_at < %(before)s AND verified_at < %(before)s LIMIT %(batch)s),
     gone AS (DELETE FROM kades_registration r USING old WHERE r.id = old.id RETURNING 1)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: kades_code
-- While a phone of hers can press, both of her codes must work.
WITH old AS (
    SELECT c.device_id FROM kades_code c JOIN device d ON d.id = c.device_id WHERE d.revoked_at < %(before)s LIMIT %(batch)s
), gone AS (
    DELETE FROM kades_code c USING old WHERE c.device_id = old.device_id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: kades_caller
-- A registered woman is served however long ago she registered: only one without a working phone and without a press that still names her.
WITH old AS (
    SELECT c.id FROM kades_caller c
    WHERE c.verified_at < %(before)s
      AND NOT EXISTS (
          SELECT FROM device d WHERE d.kind = 'kades' AND d.subject_id = c.id AND (d.revoked_at IS NULL OR d.revoked_at >= %(before)s))
      AND NOT EXISTS (SELECT FROM kades_alert a WHERE a.caller_id = c.id)
    LIMIT %(batch)s
), gone AS (
    DELETE FROM kades_caller c USING old WHERE c.id = old.id AND c.verified_at < %(before)s RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: kades_protection_order
WITH old AS (SELECT id FROM kades_protection_order WHERE valid_to < %(before)s::date LIMIT %(batch)s),
     gone AS (DELETE FROM kades_protection_order o USING old WHERE o.id = old.id RETURNING 1)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: kades_position
WITH old AS (
    SELECT p.id FROM kades_position p JOIN kades_alert a ON a.id = p.alert_id JOIN incident i ON i.id = a.case_id
    WHERE p.received_at < %(before)s AND i.closed_at < %(before)s LIMIT %(batch)s
), gone AS (
    DELETE FROM kades_position p USING old WHERE p.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: kades_fault
WITH old AS (
    SELECT f.id FROM kades_fault f JOIN kades_alert a ON a.id = f.alert_id JOIN incident i ON i.id = a.case_id
    WHERE f.at < %(before)s AND i.closed_at IS NOT NULL LIMIT %(batch)s
), gone AS (
    DELETE FROM kades_fault f USING old WHERE f.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: kades_evaluation
WITH old AS (
    SELECT e.id FROM kades_alert a JOIN incident i ON i.id = a.case_id JOIN kades_evaluation e ON e.alert_id = a.id
    WHERE a.received_at < %(before)s AND i.closed_at < %(before)s LIMIT %(batch)s
), gone AS (
    DELETE FROM kades_evaluation e USING old WHERE e.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: kades_cancellation
WITH old AS (
    SELECT c.id FROM kades_alert a JOIN incident i ON i.id = a.case_id JOIN kades_cancellation c ON c.alert_id = a.id
    WHERE a.received_at < %(before)s AND i.closed_at < %(before)s LIMIT %(batch)s
), gone AS (
    DELETE FROM kades_cancellation c USING old WHERE c.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: kades_alert
-- The press itself stays as a figure: when, how, in which province.
WITH old AS (
    SELECT a.id FROM kades_alert a JOIN incident i ON i.id = a.case_id
    WHERE a.received_at < %(before)s AND i.closed_at < %(before)s AND (a.position IS NOT NULL OR num_nonnulls(a.phone, a.caller_id) > 0)
    LIMIT %(batch)s
), gone AS (
    UPDATE kades_alert a SET position = NULL, position_kind = 'none', accuracy_m = NULL, fixed_at = NULL, phone = NULL, caller_id = NULL
    FROM old WHERE a.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: address_opening
WITH old AS (
    SELECT o.id FROM address_opening o JOIN incident i ON i.id = o.incident_id
    WHERE o.opened_at < %(before)s AND i.closed_at < %(before)s LIMIT %(batch)s
), gone AS (
    DELETE FROM address_opening o USING old WHERE o.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: pts_image
WITH old AS (SELECT gate_id, client_id FROM pts_image WHERE hit_id IS NULL AND received_at <= %(before)s ORDER BY received_at LIMIT %(batch)s),
     gone AS (DELETE FROM pts_image p USING old WHERE (p.gate_id, p.client_id) = (old.gate_id, old.client_id) RETURNING 1)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: pts_read
SELECT coalesce(sum(gone), 0)::bigint AS gone, count(*) > 0 AS more FROM pts_read_drop_day(%(before)s)

-- name: pts_hit
WITH old AS (
    SELECT h.id FROM pts_hit h CROSS JOIN LATERAL pts_incident_now(h.incident_id) n JOIN incident i ON i.id = n.id
    WHERE h.outcome_at < %(before)s AND i.closed_at IS NOT NULL LIMIT %(batch)s
), pictures AS (
    DELETE FROM pts_image p USING old WHERE p.hit_id = old.id
), gone AS (
    DELETE FROM pts_hit h USING old WHERE h.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone

-- name: hotlist_entry
WITH old AS (
    SELECT e.id FROM hotlist_entry e
    WHERE least(coalesce(e.ended_at, 'infinity'), coalesce(e.valid_to, 'infinity')) < %(before)s
      AND NOT EXISTS (SELECT FROM pts_hit_entry n JOIN pts_hit h ON h.id = n.hit_id WHERE n.entry_id = e.id AND h.outcome IS NULL)
    LIMIT %(batch)s
), gone AS (
    DELETE FROM hotlist_entry e USING old WHERE e.id = old.id RETURNING 1
)
SELECT count(*) AS gone, count(*) >= %(batch)s AS more FROM gone
