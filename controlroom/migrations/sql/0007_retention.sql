-- What personal data the house keeps and for how long, and the evidence of what was deleted. The rules are code (the rooms' periods.py); this
-- is their copy in force at the last sweep, so that a row of deletion_run can be read years later without that release.

CREATE TABLE data_period (
    table_name text NOT NULL,
    column_name text NOT NULL,
    what text NOT NULL,
    why text NOT NULL,
    period text NOT NULL,
    seen_by text NOT NULL,
    rule text NOT NULL,
    PRIMARY KEY (table_name, column_name)
);
COMMENT ON TABLE data_period IS 'The data register: one row for each column that holds personal data.';

-- One row for each rule and run. `gone` is committed with the deletion it counts, batch by batch, so a crash never leaves a figure that lies.
CREATE TABLE deletion_run (
    id uuid PRIMARY KEY,
    sweep_id uuid NOT NULL,
    rule text NOT NULL,
    over_before timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    finished_at timestamptz,
    batches int NOT NULL DEFAULT 0,
    gone bigint NOT NULL DEFAULT 0,
    UNIQUE (sweep_id, rule)
);
COMMENT ON TABLE deletion_run IS 'Evidence of deletion: counts and cut-off times, never what was deleted.';
CREATE INDEX deletion_run_started ON deletion_run (started_at);

-- The last time a sweep looked at the clock, and the sweep that stopped because the clock could not be believed.
CREATE TABLE sweep_mark (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    looked_at timestamptz NOT NULL,
    stopped_sweep uuid,
    stopped_at timestamptz,
    stopped_why text CHECK (stopped_why IN ('clock_went_back', 'clock_leapt', 'long_silence')),
    resumed_by uuid,
    resumed_at timestamptz,
    CHECK ((stopped_sweep IS NULL) = (stopped_why IS NULL))
);

GRANT SELECT ON data_period, deletion_run, sweep_mark TO merkez_api;
GRANT UPDATE (looked_at, stopped_sweep, stopped_at, stopped_why, resumed_by, resumed_at) ON sweep_mark TO merkez_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON data_period, sweep_mark TO merkez_sweep;
GRANT SELECT, INSERT, UPDATE ON deletion_run TO merkez_sweep;

-- What the sweep may end in the rooms below, beyond what they granted themselves.
GRANT SELECT, DELETE ON outbox TO merkez_sweep;
GRANT DELETE ON incident_event TO merkez_sweep;
GRANT UPDATE (username, name, password_hash) ON account TO merkez_sweep;
GRANT EXECUTE ON FUNCTION pts_incident_now(uuid) TO merkez_sweep;

-- Drops the oldest day of the crews' track that is of age and says how many fixes went with it; one a call, as pts_read_drop_day does.
CREATE FUNCTION retention_track_drop_day(p_before timestamptz) RETURNS TABLE (part text, gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    SELECT c.relname INTO part FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'team_track'::regclass AND c.relname ~ '^team_track_\d{8}$'
      AND to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' <= p_before
    ORDER BY 1 LIMIT 1;
    IF part IS NOT NULL THEN
        EXECUTE format('SELECT count(*) FROM %I', part) INTO gone;
        EXECUTE format('DROP TABLE %I', part);
        RETURN NEXT;
    END IF;
END $$;
ALTER FUNCTION retention_track_drop_day(timestamptz) OWNER TO merkez_owner;
REVOKE ALL ON FUNCTION retention_track_drop_day(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retention_track_drop_day(timestamptz) TO merkez_sweep;
