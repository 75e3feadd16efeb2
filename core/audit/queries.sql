-- Statements of the audit.

-- name: append
INSERT INTO audit_entry
    (id, at, actor_kind, actor_id, actor_role, session_id, action, subject_kind, subject_id, reason, provinces, detail)
VALUES (%(id)s, %(at)s, %(actor_kind)s, %(actor_id)s, %(actor_role)s, %(session_id)s, %(action)s, %(subject_kind)s, %(subject_id)s,
        %(reason)s, %(provinces)s, %(detail)s)

-- name: sealer_turn
-- Held until COMMIT, by then the seals are seen: the next sealer, in whatever process, goes on from them.
SELECT pg_try_advisory_xact_lock(hashtext('core.audit.seal')) AS mine

-- name: take_time
SELECT set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)

-- name: last_seal
SELECT n, entry_id, hash FROM audit_seal ORDER BY n DESC LIMIT 1

-- name: waiting
SELECT e.id, e.at, e.actor_kind, e.actor_id, e.actor_role, e.session_id, e.action, e.subject_kind, e.subject_id, e.reason, e.provinces, e.detail
FROM audit_pending p JOIN audit_entry e ON e.id = p.entry_id
ORDER BY p.entry_id LIMIT %(limit)s

-- name: add_seals
INSERT INTO audit_seal (n, entry_id, hash) SELECT * FROM unnest(%(ns)s::bigint[], %(entry_ids)s::uuid[], %(hashes)s::bytea[])

-- name: drop_waiting
DELETE FROM audit_pending WHERE entry_id = ANY (%(entry_ids)s::uuid[])

-- name: add_head
INSERT INTO audit_head (n, hash, at, key_id, signature) VALUES (%(n)s, %(hash)s, %(at)s, %(key_id)s, %(signature)s)
ON CONFLICT (n) DO NOTHING

-- name: heads_after
SELECT n, hash, at, key_id, signature FROM audit_head WHERE n > %(n)s ORDER BY n

-- name: links
SELECT s.n, s.entry_id, s.hash,
    e.id, e.at, e.actor_kind, e.actor_id, e.actor_role, e.session_id, e.action, e.subject_kind, e.subject_id, e.reason, e.provinces, e.detail
FROM audit_seal s LEFT JOIN audit_entry e ON e.id = s.entry_id
WHERE s.n > %(after)s ORDER BY s.n LIMIT %(limit)s

-- name: hash_at
SELECT hash FROM audit_seal WHERE n = %(n)s

-- name: unsealed
-- Entries that neither have a seal nor wait for one: somebody took them out of the queue.
SELECT e.id FROM audit_entry e
WHERE NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.entry_id = e.id) AND NOT EXISTS (SELECT 1 FROM audit_pending p WHERE p.entry_id = e.id)
ORDER BY e.id LIMIT 1

-- name: count_waiting
SELECT count(*) AS waiting FROM audit_pending

-- name: entries
-- Newest first. What the caller may see is the policy's business, not this statement's.
SELECT id, at, actor_kind, actor_id, actor_role, session_id, action, subject_kind, subject_id, reason, provinces, detail
FROM audit_entry
WHERE (%(actor_id)s::uuid IS NULL OR actor_id = %(actor_id)s)
  AND (%(subject_id)s::uuid IS NULL OR subject_id = %(subject_id)s)
  AND (%(action)s::text IS NULL OR action = %(action)s)
  AND (NOT %(viewings)s OR action LIKE 'view.%%')
  AND (%(from)s::timestamptz IS NULL OR at >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR at < %(to)s)
  AND (%(before_at)s::timestamptz IS NULL OR (at, id) < (%(before_at)s, %(before_id)s::uuid))
ORDER BY at DESC, id DESC LIMIT %(limit)s
