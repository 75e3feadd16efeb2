-- Who is who: accounts, sessions, tokens, devices, failed sign-ins. No token and no password is stored, only SHA-256 and argon2id hashes.

-- Auditors and admins have no case data: their provinces rule what they may audit or manage, and stand in a setting of their own.
CREATE FUNCTION core_office() RETURNS smallint[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_to_array(nullif(current_setting('merkez.office', true), ''), ',')::smallint[], '{}'::smallint[])
$$;
COMMENT ON FUNCTION core_office() IS 'Province codes an auditor may audit or an admin may manage in this transaction; unset = none.';

CREATE TABLE account (
    id uuid PRIMARY KEY,
    username text NOT NULL UNIQUE CHECK (username ~ '^[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]$'),
    name text NOT NULL CHECK (name <> ''),
    role text NOT NULL CHECK (role IN ('operator', 'dispatcher', 'supervisor', 'team', 'judicial', 'auditor', 'admin')),
    provinces smallint[] NOT NULL CHECK (cardinality(provinces) > 0 AND 1 <= ALL (provinces) AND 81 >= ALL (provinces)),
    team_id uuid,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid,
    disabled_at timestamptz,
    CHECK ((role = 'team') = (team_id IS NOT NULL))
);
CREATE INDEX account_team ON account (team_id) WHERE team_id IS NOT NULL;

-- A session is one refresh family on one device.
CREATE TABLE session (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    device_hash bytea NOT NULL,
    source_hash bytea NOT NULL,
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text CHECK (end_reason IN ('signed_out', 'revoked', 'disabled', 'password_reset', 'reuse', 'other_device')),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX session_of_account ON session (account_id, source_hash);
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX session_expires ON session (expires_at);

CREATE TABLE access_token (
    token_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX access_token_session ON access_token (session_id);
CREATE INDEX access_token_expires ON access_token (expires_at);

-- The successor is derived from the old token and its nonce, so the same call within a minute gets the same one and none is stored.
CREATE TABLE refresh_token (
    token_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    nonce bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);

CREATE TABLE device (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('kades', 'camera', 'gate', 'gateway')),
    name text NOT NULL,
    provinces smallint[] NOT NULL CHECK (cardinality(provinces) > 0 AND 1 <= ALL (provinces) AND 81 >= ALL (provinces)),
    subject_id uuid,
    token_hash bytea NOT NULL UNIQUE,
    -- Lets the answer that carried the token be given again for a day (law 3); then the token cannot be derived any more.
    nonce bytea,
    issued_at timestamptz NOT NULL,
    issued_by uuid,
    revoked_at timestamptz
);
CREATE INDEX device_subject ON device (subject_id) WHERE subject_id IS NOT NULL;
CREATE INDEX device_revoked ON device (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX device_nonce ON device (issued_at) WHERE nonce IS NOT NULL;

-- The key is a hash of user name and source, or of a source alone: what was typed as a name may have been a password.
CREATE TABLE login_failure (
    key bytea PRIMARY KEY,
    failures int NOT NULL,
    last_at timestamptz NOT NULL
);
CREATE INDEX login_failure_last ON login_failure (last_at);

ALTER TABLE account ENABLE ROW LEVEL SECURITY;
ALTER TABLE account FORCE ROW LEVEL SECURITY;
-- Every desk shows names of colleagues, so rows are read by all (never the password: see the grants); an admin writes within the own provinces.
CREATE POLICY seen ON account FOR SELECT USING (true);
CREATE POLICY made ON account FOR INSERT WITH CHECK (provinces <@ (SELECT core_office()));
CREATE POLICY changed ON account FOR UPDATE USING (provinces <@ (SELECT core_office())) WITH CHECK (provinces <@ (SELECT core_office()));
CREATE POLICY of_owner ON account TO merkez_owner USING (true) WITH CHECK (true);

ALTER TABLE device ENABLE ROW LEVEL SECURITY;
ALTER TABLE device FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON device FOR SELECT USING (true);
-- A caller's phone is issued and revoked by her registration; equipment by an admin of its provinces.
CREATE POLICY made ON device FOR INSERT WITH CHECK (kind = 'kades' OR provinces <@ (SELECT core_office()));
CREATE POLICY changed ON device FOR UPDATE USING (kind = 'kades' OR provinces <@ (SELECT core_office()));
CREATE POLICY of_owner ON device TO merkez_owner USING (true) WITH CHECK (true);

GRANT SELECT (id, username, name, role, provinces, team_id, created_at, created_by, disabled_at) ON account TO merkez_api, merkez_timers, merkez_sweep;
GRANT INSERT ON account TO merkez_api;
GRANT UPDATE (password_hash, disabled_at) ON account TO merkez_api;

GRANT SELECT, INSERT, DELETE ON session TO merkez_api;
GRANT UPDATE (ended_at, end_reason) ON session TO merkez_api;
GRANT SELECT ON session TO merkez_timers, merkez_sweep;
GRANT SELECT (session_id, expires_at), INSERT, DELETE ON access_token TO merkez_api;
GRANT SELECT, INSERT, DELETE ON refresh_token TO merkez_api;
GRANT UPDATE (used_at) ON refresh_token TO merkez_api;
GRANT SELECT (id, kind, name, provinces, subject_id, nonce, issued_at, issued_by, revoked_at), INSERT ON device TO merkez_api;
GRANT UPDATE (revoked_at, nonce) ON device TO merkez_api;
GRANT SELECT (id, kind, name, provinces, subject_id, issued_at, revoked_at) ON device TO merkez_timers, merkez_sweep;
GRANT SELECT, INSERT, UPDATE, DELETE ON login_failure TO merkez_api;

-- The hot path: one statement finds who a token belongs to and opens the transaction's provinces. A revoked KADES token still answers,
-- marked, so that its press rings (law 1). `at` is the house's clock (law 7).
CREATE FUNCTION core_authenticate(hash bytea, at timestamptz)
RETURNS TABLE (
    kind text, id uuid, session_id uuid, role text, provinces smallint[], team_id uuid, subject_id uuid, name text, expires_at timestamptz,
    revoked boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    codes text;
BEGIN
    SELECT 'account', a.id, s.id, a.role, a.provinces, a.team_id, NULL::uuid, a.name, t.expires_at, false
    INTO kind, id, session_id, role, provinces, team_id, subject_id, name, expires_at, revoked
    FROM public.access_token t
    JOIN public.session s ON s.id = t.session_id
    JOIN public.account a ON a.id = s.account_id
    WHERE t.token_hash = hash AND t.expires_at > at AND s.ended_at IS NULL AND a.disabled_at IS NULL;
    IF NOT FOUND THEN
        SELECT 'device', d.id, d.id, d.kind, d.provinces, NULL::uuid, d.subject_id, d.name, NULL::timestamptz, d.revoked_at IS NOT NULL
        INTO kind, id, session_id, role, provinces, team_id, subject_id, name, expires_at, revoked
        FROM public.device d
        WHERE d.token_hash = hash AND (d.revoked_at IS NULL OR d.kind = 'kades');
        IF NOT FOUND THEN
            RETURN;
        END IF;
    END IF;
    codes := array_to_string(provinces, ',');
    IF role IN ('auditor', 'admin') THEN
        PERFORM set_config('merkez.provinces', '', true), set_config('merkez.office', codes, true);
    ELSE
        PERFORM set_config('merkez.provinces', codes, true), set_config('merkez.office', '', true);
    END IF;
    RETURN NEXT;
END $$;
REVOKE ALL ON FUNCTION core_authenticate(bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core_authenticate(bytea, timestamptz) TO merkez_api;

-- What a sign-in needs and no other statement of the API may read.
CREATE FUNCTION core_sign_in_facts(typed text)
RETURNS TABLE (id uuid, role text, provinces smallint[], password_hash text, disabled boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT id, role, provinces, password_hash, disabled_at IS NOT NULL FROM public.account WHERE username = typed
$$;
REVOKE ALL ON FUNCTION core_sign_in_facts(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core_sign_in_facts(text) TO merkez_api;

-- Stronger parameters reach an account at its next sign-in; a password that was reset meanwhile stays.
CREATE FUNCTION core_rehash(whose uuid, old_hash text, new_hash text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE public.account AS a SET password_hash = new_hash WHERE a.id = whose AND a.password_hash = old_hash
$$;
REVOKE ALL ON FUNCTION core_rehash(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core_rehash(uuid, text, text) TO merkez_api;

-- Whether this is still the account's password; the row stays locked until COMMIT, so that a reset or a disabling in the same moment
-- comes wholly before this sign-in or finds its session and ends it.
CREATE FUNCTION core_still_holds(whose uuid, hash text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM public.account WHERE id = whose AND password_hash = hash AND disabled_at IS NULL FOR SHARE;
    RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION core_still_holds(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core_still_holds(uuid, text) TO merkez_api;

-- Whom work can be handed to: accounts of `roles` in a province of this transaction, signed in at `at`. A refresh token that is unused and not
-- lapsed is a sign-in that still stands; when it was issued is the last that is known of its holder. Nothing here knows who sits at a desk:
-- each process knows its own sockets alone. Of the provinces only those that the caller shares are told (law 10).
CREATE FUNCTION core_colleagues(roles text[], at timestamptz)
RETURNS TABLE (id uuid, name text, role text, provinces smallint[], last_seen_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT a.id, a.name, a.role, ARRAY(SELECT p FROM unnest(a.provinces) AS p WHERE p = ANY (public.core_scope()) ORDER BY p), seen.last
    FROM public.account a
    CROSS JOIN LATERAL (
        SELECT max(r.issued_at) AS last FROM public.session s JOIN public.refresh_token r ON r.session_id = s.id
        WHERE s.account_id = a.id AND s.ended_at IS NULL AND s.expires_at > at AND r.used_at IS NULL AND r.expires_at > at
    ) AS seen
    WHERE a.role = ANY (roles) AND a.disabled_at IS NULL AND a.provinces && public.core_scope() AND seen.last IS NOT NULL
$$;
REVOKE ALL ON FUNCTION core_colleagues(text[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core_colleagues(text[], timestamptz) TO merkez_api;

-- Owned by a role that nobody signs in as: what runs with the owner's rights has no more than these tables.
GRANT USAGE, CREATE ON SCHEMA public TO merkez_owner;
ALTER TABLE account OWNER TO merkez_owner;
ALTER TABLE session OWNER TO merkez_owner;
ALTER TABLE access_token OWNER TO merkez_owner;
ALTER TABLE refresh_token OWNER TO merkez_owner;
ALTER TABLE device OWNER TO merkez_owner;
ALTER TABLE login_failure OWNER TO merkez_owner;
ALTER FUNCTION core_authenticate(bytea, timestamptz) OWNER TO merkez_owner;
ALTER FUNCTION core_sign_in_facts(text) OWNER TO merkez_owner;
ALTER FUNCTION core_rehash(uuid, text, text) OWNER TO merkez_owner;
ALTER FUNCTION core_still_holds(uuid, text) OWNER TO merkez_owner;
ALTER FUNCTION core_colleagues(text[], timestamptz) OWNER TO merkez_owner;
ALTER FUNCTION core_office() OWNER TO merkez_owner;
