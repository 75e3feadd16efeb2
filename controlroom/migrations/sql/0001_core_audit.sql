-- The audit (law 9): entries are appended in the writer's transaction and never change; one sealer chains them afterwards.

DO $$
BEGIN
    CREATE ROLE merkez_sealer NOINHERIT;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT merkez_sealer TO merkez_api;
GRANT USAGE ON SCHEMA public TO merkez_sealer;

CREATE TABLE audit_entry (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_kind text CHECK (actor_kind IN ('account', 'device')),
    actor_id uuid,
    actor_role text,
    session_id uuid,
    action text NOT NULL CHECK (action ~ '^[a-z_]+(\.[a-z_]+)+$'),
    subject_kind text NOT NULL,
    subject_id uuid,
    reason text,
    provinces smallint[] NOT NULL,
    detail jsonb NOT NULL CHECK (jsonb_typeof(detail) = 'object')
);
CREATE INDEX audit_entry_at ON audit_entry (at, id);
CREATE INDEX audit_entry_actor ON audit_entry (actor_id, at, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_entry_subject ON audit_entry (subject_id, at, id) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_entry_viewing ON audit_entry (at, id) WHERE action LIKE 'view.%';

-- What waits for the sealer. A row becomes visible with its entry's COMMIT, so a late committer is simply sealed later, never skipped.
CREATE TABLE audit_pending (entry_id uuid PRIMARY KEY) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- hash(n) = SHA-256(hash(n - 1) || canonical JSON of n and its entry); n has no gaps.
CREATE TABLE audit_seal (n bigint PRIMARY KEY, entry_id uuid NOT NULL UNIQUE, hash bytea NOT NULL CHECK (length(hash) = 32));

-- Signed ends of the chain; copies leave the database.
CREATE TABLE audit_head (
    n bigint PRIMARY KEY, hash bytea NOT NULL, at timestamptz NOT NULL, key_id text NOT NULL, signature bytea NOT NULL
);

-- Whoever writes an entry queues it too: the queue cannot be forgotten.
CREATE FUNCTION audit_queue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO public.audit_pending (entry_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION audit_queue() FROM PUBLIC;
CREATE TRIGGER audit_entry_queue AFTER INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_queue();

-- For everybody, the owner and a superuser included: whoever gets round it must disable a trigger, and then the chain shows the change.
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the audit is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entry_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_seal_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_head_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_pending_kept BEFORE UPDATE OR TRUNCATE ON audit_pending FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY;
-- Entries without a province (a failed sign-in, an account) are every auditor's; the rest belong to the provinces they name.
CREATE POLICY read_by_office ON audit_entry FOR SELECT TO merkez_api
    USING (cardinality((SELECT core_office())) > 0 AND (provinces = '{}' OR provinces && (SELECT core_office())));
CREATE POLICY appended ON audit_entry FOR INSERT WITH CHECK (true);
CREATE POLICY sealed ON audit_entry FOR SELECT TO merkez_sealer USING (true);
CREATE POLICY of_owner ON audit_entry TO merkez_owner USING (true) WITH CHECK (true);

GRANT SELECT, INSERT ON audit_entry TO merkez_api;
GRANT INSERT ON audit_entry TO merkez_relay, merkez_timers, merkez_sweep;
GRANT SELECT ON audit_entry TO merkez_sealer;
GRANT SELECT, DELETE ON audit_pending TO merkez_sealer;
GRANT SELECT, INSERT ON audit_seal, audit_head TO merkez_sealer;

-- Also under session_replication_role = replica, which would silence an ordinary trigger.
ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER audit_entry_frozen;
ALTER TABLE audit_seal ENABLE ALWAYS TRIGGER audit_seal_frozen;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_frozen;

-- Owned by a role that nobody signs in as: what runs with the owner's rights has no more than these tables.
ALTER TABLE audit_entry OWNER TO merkez_owner;
ALTER TABLE audit_pending OWNER TO merkez_owner;
ALTER TABLE audit_seal OWNER TO merkez_owner;
ALTER TABLE audit_head OWNER TO merkez_owner;
ALTER FUNCTION audit_queue() OWNER TO merkez_owner;
ALTER FUNCTION audit_is_append_only() OWNER TO merkez_owner;
