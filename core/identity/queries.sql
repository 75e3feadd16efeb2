-- Statements of identity. Hashes only: no token and no password passes through here.

-- name: authenticate
SELECT kind, id, session_id, role, provinces, team_id, subject_id, name, expires_at, revoked FROM core_authenticate(%(hash)s, %(at)s)

-- name: sign_in_facts
SELECT id, role, provinces, password_hash, disabled FROM core_sign_in_facts(%(username)s)

-- name: hold_failures
-- The row is made when it is not there and stays locked until COMMIT: tries at the same moment are counted one after the other.
INSERT INTO login_failure AS f (key, failures, last_at) VALUES (%(key)s, 0, %(at)s)
ON CONFLICT (key) DO UPDATE SET failures = f.failures
RETURNING failures, last_at

-- name: see_failures
SELECT failures, last_at FROM login_failure WHERE key = %(key)s

-- name: set_failures
UPDATE login_failure SET failures = %(failures)s, last_at = %(last_at)s WHERE key = %(key)s

-- name: give_back_failure
UPDATE login_failure SET failures = failures - 1 WHERE key = %(key)s AND failures > 0

-- name: forget_failures
DELETE FROM login_failure WHERE key = %(key)s

-- name: known_pair
SELECT EXISTS (
    SELECT 1 FROM session WHERE account_id = %(account_id)s AND source_hash = %(source_hash)s AND started_at > %(since)s
) AS known

-- name: still_holds
SELECT core_still_holds(%(account_id)s, %(hash)s) AS holds

-- name: set_office
SELECT set_config('merkez.office', %(codes)s, true)

-- name: rehash
SELECT core_rehash(%(account_id)s, %(old)s, %(new)s)

-- name: open_session
INSERT INTO session (id, account_id, device_hash, source_hash, started_at, expires_at)
VALUES (%(id)s, %(account_id)s, %(device_hash)s, %(source_hash)s, %(at)s, %(expires_at)s)

-- name: add_access_token
INSERT INTO access_token (token_hash, session_id, expires_at) VALUES (%(hash)s, %(session_id)s, %(expires_at)s)

-- name: add_refresh_token
INSERT INTO refresh_token (token_hash, session_id, nonce, issued_at, expires_at)
VALUES (%(hash)s, %(session_id)s, %(nonce)s, %(at)s, %(expires_at)s)

-- name: family_of
-- Both rows are locked, so a second call with the same token waits and then sees the first one's successor. Only what is locked is read
-- anew after the wait; the account is not, and one disabled in that moment has its sessions ended in the same COMMIT.
SELECT r.session_id, r.nonce, r.used_at, r.expires_at AS token_expires_at, s.account_id, s.device_hash, s.expires_at AS family_expires_at,
       s.ended_at IS NOT NULL AS ended, a.disabled_at IS NOT NULL AS disabled
FROM refresh_token r JOIN session s ON s.id = r.session_id JOIN account a ON a.id = s.account_id
WHERE r.token_hash = %(hash)s
FOR NO KEY UPDATE OF r, s

-- name: use_refresh_token
UPDATE refresh_token SET used_at = %(at)s WHERE token_hash = %(hash)s

-- name: end_session
UPDATE session SET ended_at = %(at)s, end_reason = %(reason)s WHERE id = %(session_id)s AND ended_at IS NULL

-- name: end_sessions_of
UPDATE session SET ended_at = %(at)s, end_reason = %(reason)s
WHERE account_id = %(account_id)s AND ended_at IS NULL AND expires_at > %(at)s

-- name: no_longer_good
-- Of the asked sessions and devices, those that are over: ended, revoked, of a disabled account, or gone.
SELECT asked.id FROM unnest(%(ids)s::uuid[]) AS asked (id)
WHERE NOT EXISTS (
    SELECT 1 FROM session s JOIN account a ON a.id = s.account_id
    WHERE s.id = asked.id AND s.ended_at IS NULL AND a.disabled_at IS NULL
) AND NOT EXISTS (SELECT 1 FROM device d WHERE d.id = asked.id AND d.revoked_at IS NULL)

-- name: revoked_since
SELECT id FROM session WHERE ended_at > %(since)s
UNION ALL
SELECT id FROM device WHERE revoked_at > %(since)s

-- name: names_of
SELECT id, name FROM account WHERE id = ANY (%(ids)s::uuid[])

-- name: colleagues
SELECT id, name, role, provinces, last_seen_at FROM core_colleagues(%(roles)s::text[], %(at)s)
ORDER BY last_seen_at DESC, id

-- name: add_account
INSERT INTO account (id, username, name, role, provinces, team_id, password_hash, created_at, created_by)
VALUES (%(id)s, %(username)s, %(name)s, %(role)s, %(provinces)s, %(team_id)s, %(password_hash)s, %(at)s, %(created_by)s)
ON CONFLICT (username) DO NOTHING

-- name: any_admin
SELECT EXISTS (SELECT 1 FROM account WHERE role = 'admin' AND disabled_at IS NULL) AS present

-- name: lock_bootstrap
SELECT pg_advisory_xact_lock(hashtext('core.identity.bootstrap'))

-- name: managed_account
SELECT id, username, name, role, provinces, team_id, created_at, disabled_at FROM account
WHERE id = %(id)s AND provinces <@ (SELECT core_office())

-- name: managed_account_named
SELECT id, username, name, role, provinces, team_id, created_at, disabled_at FROM account
WHERE username = %(username)s AND provinces <@ (SELECT core_office())

-- name: managed_accounts
SELECT id, username, name, role, provinces, team_id, created_at, disabled_at FROM account
WHERE provinces <@ (SELECT core_office()) AND (%(after)s::uuid IS NULL OR id > %(after)s)
ORDER BY id LIMIT %(limit)s

-- name: disable_account
UPDATE account SET disabled_at = %(at)s WHERE id = %(id)s AND disabled_at IS NULL

-- name: set_password
UPDATE account SET password_hash = %(password_hash)s WHERE id = %(id)s

-- name: add_device
INSERT INTO device (id, kind, name, provinces, subject_id, token_hash, nonce, issued_at, issued_by)
VALUES (%(id)s, %(kind)s, %(name)s, %(provinces)s, %(subject_id)s, %(hash)s, %(nonce)s, %(at)s, %(issued_by)s)

-- name: device_nonce
SELECT nonce FROM device WHERE id = %(id)s

-- name: managed_device
SELECT id, kind, name, provinces, subject_id, issued_at, revoked_at FROM device
WHERE id = %(id)s AND kind <> 'kades' AND provinces <@ (SELECT core_office())

-- name: managed_devices
-- KADES phones are people's, not equipment: an admin has no case data (contract, Who may what), so they are not listed.
SELECT id, kind, name, provinces, subject_id, issued_at, revoked_at FROM device
WHERE kind <> 'kades' AND provinces <@ (SELECT core_office()) AND (%(after)s::uuid IS NULL OR id > %(after)s)
ORDER BY id LIMIT %(limit)s

-- name: revoke_device
UPDATE device SET revoked_at = %(at)s WHERE id = %(id)s AND revoked_at IS NULL

-- name: prune_access_tokens
DELETE FROM access_token WHERE expires_at < %(before)s

-- name: prune_sessions
-- Their tokens go with them (ON DELETE CASCADE). A month of pairs that signed in is kept: those are never bound by the cap of a source.
DELETE FROM session WHERE expires_at < %(before)s

-- name: prune_failures
DELETE FROM login_failure WHERE last_at < %(before)s

-- name: prune_nonces
UPDATE device SET nonce = NULL WHERE nonce IS NOT NULL AND issued_at < %(before)s
