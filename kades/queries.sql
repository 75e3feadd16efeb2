-- Statements of KADES. A phone's own statements are keyed by its device and run with every province set: her alert may lie anywhere.

-- name: every_province
SELECT set_config('merkez.provinces', (SELECT string_agg(code::text, ',') FROM generate_series(1, 81) code), true)

-- name: press_facts
SELECT * FROM kades_press_facts(%(device_id)s, %(client_id)s, %(caller_id)s, %(phone)s, %(minute_ago)s, %(today)s)

-- name: add_alert
-- One statement: the alert, the first point of its trail and its faults stand or fall together and cost one round trip.
WITH alert AS (
    INSERT INTO kades_alert (id, device_id, client_id, turn, caller_id, incident_id, provinces, trigger, silent, pressed_at, skew_s,
        received_at, position_kind, position, accuracy_m, fixed_at, phone, joined, device_revoked, body_digest)
    VALUES (%(id)s, %(device_id)s, %(client_id)s, %(turn)s, %(caller_id)s, %(incident_id)s, %(provinces)s, %(trigger)s, %(silent)s,
        %(pressed_at)s, %(skew_s)s, %(received_at)s, %(position_kind)s,
        CASE WHEN %(lon)s::float8 IS NULL THEN NULL ELSE ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)::geography END,
        %(accuracy_m)s, %(fixed_at)s, %(phone)s, %(joined)s, %(device_revoked)s, %(body_digest)s)
), point AS (
    INSERT INTO kades_position (id, alert_id, position, accuracy_m, fixed_at, told_at, skew_s, received_at)
    SELECT %(point_id)s, %(id)s, ST_SetSRID(ST_MakePoint(%(point_lon)s, %(point_lat)s), 4326)::geography, %(point_accuracy_m)s,
        %(point_fixed_at)s, %(point_told_at)s, %(skew_s)s, %(received_at)s
    WHERE %(point_lon)s::float8 IS NOT NULL
), fault AS (
    INSERT INTO kades_fault (id, alert_id, kind, field, said, at)
    SELECT f.id, %(id)s, f.kind, f.field, f.said, %(received_at)s
    FROM unnest(%(fault_ids)s::uuid[], %(kinds)s::text[], %(fields)s::text[], %(saids)s::text[]) AS f (id, kind, field, said)
)
SELECT count(*) FROM kades_alert WHERE case_id = %(incident_id)s

-- name: add_faults
INSERT INTO kades_fault (id, alert_id, kind, field, said, at)
SELECT f.id, %(alert_id)s, f.kind, f.field, f.said, %(at)s
FROM unnest(%(fault_ids)s::uuid[], %(kinds)s::text[], %(fields)s::text[], %(saids)s::text[]) AS f (id, kind, field, said)

-- name: add_positions
INSERT INTO kades_position (id, alert_id, position, accuracy_m, fixed_at, told_at, skew_s, received_at)
SELECT p.id, %(alert_id)s, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)::geography, p.accuracy_m, p.fixed_at, p.told_at, %(skew_s)s, %(at)s
FROM unnest(%(ids)s::uuid[], %(lons)s::float8[], %(lats)s::float8[], %(accuracies)s::float8[], %(fixed)s::timestamptz[],
    %(told)s::timestamptz[]) AS p (id, lon, lat, accuracy_m, fixed_at, told_at)

-- name: alert_of_device
SELECT id, incident_id, case_id, provinces, trigger, silent, received_at, cancelled_at, stage, duress
FROM kades_alert WHERE id = %(id)s AND device_id = %(device_id)s

-- name: open_alerts_of_device
SELECT id, incident_id, case_id, provinces, trigger, silent, received_at, cancelled_at, stage, duress
FROM kades_alert WHERE device_id = %(device_id)s AND stage <> 'closed' ORDER BY received_at DESC LIMIT 20

-- name: alert
SELECT id, case_id, provinces, device_id, caller_id FROM kades_alert WHERE id = %(id)s

-- name: set_provinces
UPDATE kades_alert SET provinces = %(provinces)s WHERE case_id = %(incident_id)s AND provinces <> %(provinces)s

-- name: merge
UPDATE kades_alert SET merged_into = %(into)s WHERE case_id = %(incident_id)s

-- name: alerts_to_tell
SELECT id, case_id, provinces, device_id, silent, cancelled_at IS NOT NULL AS cancelled, stage FROM kades_alert
WHERE case_id = ANY (%(incident_ids)s) FOR NO KEY UPDATE

-- name: set_stages
-- By key, not by a join with the list: of that the planner made a walk over every alert there was.
UPDATE kades_alert a
SET stage = (SELECT n.stage FROM unnest(%(ids)s::uuid[], %(stages)s::text[]) AS n (id, stage) WHERE n.id = a.id) WHERE a.id = ANY (%(ids)s)

-- name: add_cancellation
INSERT INTO kades_cancellation (id, alert_id, client_id, outcome, at) VALUES (%(id)s, %(alert_id)s, %(client_id)s, %(outcome)s, %(at)s)
ON CONFLICT DO NOTHING

-- name: cancelled
UPDATE kades_alert SET cancelled_at = coalesce(cancelled_at, %(at)s), duress = duress OR %(duress)s, stage = 'closed' WHERE id = %(id)s

-- name: untold_codes
SELECT c.id, c.outcome, c.at, a.id AS alert_id, a.case_id, a.provinces, a.trigger, a.received_at,
    coalesce(a.caller_id, d.subject_id) AS person_id,
    (SELECT count(*) FROM kades_alert o WHERE o.case_id = a.case_id AND o.received_at < a.received_at) AS further
FROM kades_cancellation c JOIN kades_alert a ON a.id = c.alert_id JOIN device d ON d.id = a.device_id
WHERE c.alert_id = %(alert_id)s AND c.told_at IS NULL ORDER BY c.at, c.id FOR UPDATE OF c

-- name: code_told
UPDATE kades_cancellation SET told_at = %(at)s WHERE id = %(id)s

-- name: newest_fix
SELECT ST_X(position::geometry) AS lon, ST_Y(position::geometry) AS lat, accuracy_m, fixed_at
FROM kades_position WHERE alert_id = %(alert_id)s ORDER BY fixed_at DESC LIMIT 1

-- name: codes_of
SELECT cancel_hash, duress_hash FROM kades_code WHERE device_id = %(device_id)s

-- name: set_codes
INSERT INTO kades_code (device_id, cancel_hash, duress_hash) VALUES (%(device_id)s, %(cancel_hash)s, %(duress_hash)s)

-- name: add_evaluation
INSERT INTO kades_evaluation (id, alert_id, verdict, note, by_id, by_name, at)
VALUES (%(id)s, %(alert_id)s, %(verdict)s, %(note)s, %(by_id)s, %(by_name)s, %(at)s)

-- name: alerts_of_incident
SELECT a.id, a.incident_id, a.device_id, a.trigger, a.silent, a.duress, a.cancelled_at, a.pressed_at, a.skew_s, a.received_at, a.position_kind,
    ST_X(a.position::geometry) AS lon, ST_Y(a.position::geometry) AS lat, a.accuracy_m, a.fixed_at, a.joined, a.device_revoked, a.caller_id,
    a.phone, e.verdict, e.note, e.by_name, e.at AS evaluated_at,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', f.kind, 'field', f.field, 'said', f.said) ORDER BY f.id), '[]')
        FROM kades_fault f WHERE f.alert_id = a.id) AS faults,
    (SELECT c.outcome FROM kades_cancellation c WHERE c.alert_id = a.id ORDER BY c.at DESC, c.id DESC LIMIT 1) AS code
FROM kades_alert a
LEFT JOIN LATERAL (
    SELECT verdict, note, by_name, at FROM kades_evaluation v WHERE v.alert_id = a.id ORDER BY v.at DESC, v.id DESC LIMIT 1
) e ON true
WHERE a.case_id = %(incident_id)s ORDER BY a.received_at, a.id LIMIT 200

-- name: trail_of_incident
SELECT p.alert_id, ST_X(p.position::geometry) AS lon, ST_Y(p.position::geometry) AS lat, p.accuracy_m, p.fixed_at, p.received_at, p.skew_s
FROM kades_position p JOIN kades_alert a ON a.id = p.alert_id
WHERE a.case_id = %(incident_id)s ORDER BY p.fixed_at DESC, p.id DESC LIMIT %(limit)s

-- name: caller_of_incident
SELECT c.id, c.name, coalesce(c.phone, a.phone) AS phone, c.language, c.safe_channel, a.device_revoked, o.authority, o.document,
    o.valid_from, o.valid_to
FROM kades_alert a
LEFT JOIN kades_caller c ON c.id = a.caller_id
LEFT JOIN LATERAL (
    SELECT authority, document, valid_from, valid_to FROM kades_protection_order r
    WHERE r.caller_id = c.id AND %(today)s >= r.valid_from AND (r.valid_to IS NULL OR %(today)s <= r.valid_to)
    ORDER BY r.recorded_at DESC LIMIT 1
) o ON true
WHERE a.case_id = %(incident_id)s ORDER BY a.caller_id IS NULL, a.received_at DESC LIMIT 1

-- name: caller
SELECT id, registered_province FROM kades_caller WHERE id = %(id)s

-- name: add_protection_order
INSERT INTO kades_protection_order (id, caller_id, authority, document, valid_from, valid_to, recorded_by, recorded_at)
VALUES (%(id)s, %(caller_id)s, %(authority)s, %(document)s, %(valid_from)s, %(valid_to)s, %(recorded_by)s, %(recorded_at)s)

-- name: caller_of_device
SELECT c.id, c.registered_province FROM device d JOIN kades_caller c ON c.id = d.subject_id WHERE d.id = %(device_id)s AND d.kind = 'kades'

-- name: address_of
SELECT * FROM kades_address_of(%(incident_id)s)

-- name: tc_no_of
SELECT kades_tc_no_of(%(caller_id)s) AS tc_no

-- name: add_opening
INSERT INTO address_opening (id, dispatch_id, incident_id, caller_id, team_id, actor_id, actor_role, by, opened_at, provinces)
VALUES (%(id)s, %(dispatch_id)s, %(incident_id)s, %(caller_id)s, %(team_id)s, %(actor_id)s, %(actor_role)s, %(by)s, %(opened_at)s, %(provinces)s)

-- name: lock_registering
-- Two at once from one phone or connection must both count.
SELECT pg_advisory_xact_lock(hashtext('kades.register'), hashtext(encode(%(key)s, 'hex')))

-- name: registration_by_client
SELECT id, fingerprint, code_expires_at, sent_at, province FROM kades_registration WHERE client_id = %(client_id)s

-- name: asked_lately
SELECT count(*) FILTER (WHERE phone_hash = %(phone_hash)s) AS by_phone, count(*) FILTER (WHERE source_hash = %(source_hash)s) AS by_source
FROM kades_registration WHERE created_at > %(since)s AND (phone_hash = %(phone_hash)s OR source_hash = %(source_hash)s)

-- name: add_registration
INSERT INTO kades_registration (id, client_id, fingerprint, tc_no, phone, name, protected_address, language, safe_channel, province,
    province_told, phone_hash, source_hash, created_at)
VALUES (%(id)s, %(client_id)s, %(fingerprint)s, %(tc_no)s, %(phone)s, %(name)s, %(protected_address)s, %(language)s, %(safe_channel)s,
    %(province)s, %(province_told)s, %(phone_hash)s, %(source_hash)s, %(at)s)

-- name: set_sms_code
UPDATE kades_registration SET code_hash = %(code_hash)s, code_expires_at = %(expires_at)s WHERE id = %(id)s AND verified_at IS NULL

-- name: sms_sent
UPDATE kades_registration SET sent_at = %(at)s WHERE id = %(id)s

-- name: hold_registration
SELECT id, phone, language, code_hash, code_expires_at, wrong_codes, source_hash, verified_at, device_id, province
FROM kades_registration WHERE id = %(id)s FOR UPDATE

-- name: wrong_lately
SELECT coalesce(sum(wrong_codes), 0) FROM kades_registration WHERE source_hash = %(source_hash)s AND created_at > %(since)s

-- name: count_wrong_code
UPDATE kades_registration SET wrong_codes = wrong_codes + 1 WHERE id = %(id)s

-- name: take_caller
SELECT * FROM kades_take_caller(%(id)s, %(fresh)s, %(at)s)

-- name: verified
UPDATE kades_registration
SET verified_at = %(at)s, device_id = %(device_id)s, tc_no = NULL, phone = NULL, name = NULL, protected_address = NULL, code_hash = NULL
WHERE id = %(id)s
