-- The ground floor: roles, scope, outbox and log, timers, idempotency. (Identity and audit have files of their own in this revision.)
CREATE EXTENSION IF NOT EXISTS postgis;

-- Roles are of the whole cluster, so another database of it may have made them already.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['merkez_api', 'merkez_relay', 'merkez_timers', 'merkez_sweep', 'merkez_geo', 'merkez_owner'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOINHERIT', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
END $$;
ALTER ROLE merkez_api LOGIN;
ALTER ROLE merkez_geo NOLOGIN BYPASSRLS;
-- The API's login may take the jobs' roles (every process can be the relay).
GRANT merkez_relay, merkez_timers, merkez_sweep TO merkez_api;
GRANT USAGE ON SCHEMA public TO merkez_api, merkez_relay, merkez_timers, merkez_sweep, merkez_geo;

CREATE FUNCTION core_scope() RETURNS smallint[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_to_array(nullif(current_setting('merkez.provinces', true), ''), ',')::smallint[], '{}'::smallint[])
$$;
COMMENT ON FUNCTION core_scope() IS 'Province codes this transaction may see; unset = none (law 10).';

CREATE TABLE IF NOT EXISTS meta (key text PRIMARY KEY, value text NOT NULL);
GRANT SELECT ON meta TO merkez_api, merkez_relay, merkez_timers, merkez_sweep;

-- Its data and the log's are json, not jsonb: written once and sent as they are; nothing looks inside.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type text NOT NULL,
    at timestamptz NOT NULL,
    channels text[] NOT NULL,
    subject_id uuid,
    data json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
GRANT INSERT ON outbox TO merkez_api, merkez_timers, merkez_sweep, merkez_relay;
GRANT SELECT, DELETE, UPDATE ON outbox TO merkez_relay;

CREATE TABLE event_log (
    seq bigint PRIMARY KEY,
    type text NOT NULL,
    at timestamptz NOT NULL,
    channels text[] NOT NULL,
    subject_id uuid,
    data json NOT NULL
);
CREATE INDEX event_log_subject ON event_log (subject_id, type) WHERE subject_id IS NOT NULL;
CREATE INDEX event_log_at ON event_log USING brin (at);
GRANT SELECT, INSERT, DELETE ON event_log TO merkez_relay;
GRANT SELECT, DELETE ON event_log TO merkez_sweep;

CREATE TABLE relay_head (one boolean PRIMARY KEY DEFAULT true CHECK (one), log uuid NOT NULL, seq bigint NOT NULL);
INSERT INTO relay_head (log, seq) VALUES (gen_random_uuid(), 0);
GRANT SELECT, UPDATE ON relay_head TO merkez_relay;

CREATE TABLE frame_shown (
    session_id uuid NOT NULL, seq bigint NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (session_id, seq)
);
GRANT SELECT, INSERT ON frame_shown TO merkez_api, merkez_relay;
GRANT SELECT, DELETE ON frame_shown TO merkez_sweep;

CREATE TABLE timer (
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    attempts int NOT NULL DEFAULT 0,
    last_error text,
    PRIMARY KEY (kind, subject_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX timer_due ON timer (due_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON timer TO merkez_api, merkez_timers, merkez_sweep;

CREATE TABLE request_once (
    sender uuid NOT NULL,
    client_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    answer jsonb,
    at timestamptz NOT NULL,
    PRIMARY KEY (sender, client_id)
);
CREATE INDEX request_once_at ON request_once USING brin (at);
GRANT SELECT, INSERT, UPDATE ON request_once TO merkez_api, merkez_timers;
GRANT SELECT, DELETE ON request_once TO merkez_sweep;

CREATE TABLE follower (name text PRIMARY KEY, seq bigint NOT NULL);
CREATE TABLE follower_fault (
    name text NOT NULL, seq bigint NOT NULL, at timestamptz NOT NULL, error text NOT NULL, PRIMARY KEY (name, seq)
);
GRANT SELECT, INSERT, UPDATE ON follower, follower_fault TO merkez_timers;
GRANT SELECT ON event_log, relay_head TO merkez_timers;
GRANT SELECT, DELETE ON follower_fault TO merkez_sweep;

CREATE TABLE job_run (name text PRIMARY KEY, started_at timestamptz NOT NULL);
GRANT SELECT, INSERT, UPDATE ON job_run TO merkez_api, merkez_timers, merkez_sweep, merkez_relay;

-- What a transaction wrote to the outbox and waits for, in one statement just before its COMMIT. NULL where there is nothing of a kind.
-- Channels hold no spaces; the outbox's own numbers follow the order in which the transaction spoke. A function, for its statements are
-- then planned once, and only those run that have something to do: as one statement with three arms it cost twice as much.
CREATE FUNCTION core_flush(p_spoken json, p_waits jsonb, p_drops jsonb) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_drop record;
BEGIN
    IF p_spoken IS NOT NULL THEN
        INSERT INTO outbox (type, at, channels, subject_id, data)
        SELECT e.type, e.at, string_to_array(e.channels, ' '), e.subject_id, e.data
        FROM ROWS FROM (json_to_recordset(p_spoken) AS (type text, at timestamptz, channels text, subject_id uuid, data json))
            WITH ORDINALITY AS e (type, at, channels, subject_id, data, place)
        ORDER BY e.place;
    END IF;
    IF p_waits IS NOT NULL THEN
        INSERT INTO timer (kind, subject_id, due_at, data)
        SELECT w.kind, w.subject_id, w.due_at, w.data
        FROM jsonb_to_recordset(p_waits) AS w (kind text, subject_id uuid, due_at timestamptz, data jsonb)
        ON CONFLICT (kind, subject_id) DO UPDATE SET due_at = excluded.due_at, data = excluded.data, attempts = 0, last_error = NULL;
    END IF;
    -- Row by row, by the key: of a join with the list the planner would make a walk over every timer.
    FOR v_drop IN SELECT * FROM jsonb_to_recordset(p_drops) AS w (kind text, subject_id uuid) LOOP
        DELETE FROM timer WHERE kind = v_drop.kind AND subject_id = v_drop.subject_id;
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION core_flush(json, jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core_flush(json, jsonb, jsonb) TO merkez_api, merkez_timers, merkez_sweep;
