-- Statements of the ground floor: outbox, relay, timers, idempotency, followers.

-- name: relay_batch
-- One statement moves a batch from the outbox into the numbered log. The head's row lock, not the advisory lock, is what makes numbers
-- unique: two relays in the moment of a hand-over queue on it, and the later one numbers after the earlier one's COMMIT.
WITH moved AS (
    DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING id, type, at, channels, subject_id, data
), placed AS (
    SELECT row_number() OVER (ORDER BY id) AS place, moved.* FROM moved
), head AS (
    UPDATE relay_head SET seq = seq + (SELECT count(*) FROM placed)
    WHERE EXISTS (SELECT 1 FROM placed)
    RETURNING seq - (SELECT count(*) FROM placed) AS base
), logged AS (
    INSERT INTO event_log (seq, type, at, channels, subject_id, data)
    SELECT head.base + placed.place, type, at, channels, subject_id, data FROM placed, head
    RETURNING seq, type, at, channels, subject_id, data
), told AS (
    SELECT pg_notify('merkez_log', (head.base + (SELECT count(*) FROM placed))::text) FROM head
)
SELECT logged.seq, logged.type, logged.at, logged.channels, logged.subject_id, logged.data::text AS data
FROM logged LEFT JOIN told ON true ORDER BY logged.seq

-- name: read_log
SELECT seq, type, at, channels, subject_id, data::text AS data FROM event_log WHERE seq > %(after)s ORDER BY seq LIMIT %(limit)s

-- name: read_log_of
SELECT seq, type, at, channels, subject_id, data::text AS data FROM event_log
WHERE seq > %(after)s AND seq <= %(head)s AND channels && %(channels)s::text[] ORDER BY seq LIMIT %(limit)s

-- name: log_head
SELECT log, seq, (SELECT min(seq) FROM event_log) AS oldest FROM relay_head

-- name: seqs_of_subjects
SELECT DISTINCT ON (subject_id) subject_id, seq FROM event_log
WHERE subject_id = ANY (%(subjects)s) AND type = %(type)s ORDER BY subject_id, seq DESC

-- name: new_log
UPDATE relay_head SET log = gen_random_uuid() RETURNING log

-- name: shown
INSERT INTO frame_shown (session_id, seq, at) VALUES (%(session_id)s, %(seq)s, %(at)s) ON CONFLICT DO NOTHING

-- name: take_timer
DELETE FROM timer WHERE (kind, subject_id) = (
    SELECT kind, subject_id FROM timer WHERE due_at <= %(now)s AND kind <> ALL (%(passed_over)s::text[])
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING kind, subject_id, due_at, data, attempts,
    (SELECT count(*) FROM (SELECT FROM timer t WHERE t.due_at <= %(now)s LIMIT 16) due) AS due

-- name: postpone_timer
UPDATE timer SET attempts = attempts + 1, due_at = %(due_at)s, last_error = %(error)s
WHERE kind = %(kind)s AND subject_id = %(subject_id)s RETURNING attempts

-- name: once_begin
INSERT INTO request_once (sender, client_id, fingerprint, at) VALUES (%(sender)s, %(client_id)s, %(fingerprint)s, %(at)s)
ON CONFLICT DO NOTHING RETURNING true

-- name: once_seen
SELECT fingerprint, answer FROM request_once WHERE sender = %(sender)s AND client_id = %(client_id)s

-- name: once_end
UPDATE request_once SET answer = %(answer)s WHERE sender = %(sender)s AND client_id = %(client_id)s

-- name: follower_take
SELECT seq FROM follower WHERE name = %(name)s FOR UPDATE SKIP LOCKED

-- name: follower_add
INSERT INTO follower (name, seq) SELECT %(name)s, seq FROM relay_head ON CONFLICT DO NOTHING

-- name: follower_read
SELECT seq, type, at, channels, subject_id, data::text AS data FROM event_log
WHERE seq > %(after)s AND type = ANY (%(types)s) ORDER BY seq LIMIT %(limit)s

-- name: follower_move
UPDATE follower SET seq = %(seq)s WHERE name = %(name)s

-- name: follower_fault
INSERT INTO follower_fault (name, seq, at, error) VALUES (%(name)s, %(seq)s, %(at)s, %(error)s)

-- name: job_turn
-- Whoever updates the row has the turn; nobody else runs the job before `every` has passed.
INSERT INTO job_run (name, started_at) VALUES (%(name)s, %(now)s)
ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at WHERE job_run.started_at <= %(before)s RETURNING true
