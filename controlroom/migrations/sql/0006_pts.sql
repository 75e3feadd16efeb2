-- Plate recognition (PTS): gates, reads by day, the hotlist, hits. No index on a read's plate, on purpose: a plate's trail over gates is
-- following a person and needs a decision (CMK 140), so this schema does not make it easy.

CREATE TABLE gate (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    province smallint NOT NULL REFERENCES province,
    position geometry(Point, 4326) NOT NULL,
    bearing_deg real CHECK (bearing_deg >= 0 AND bearing_deg < 360),
    created_at timestamptz NOT NULL,
    heard_at timestamptz
);
COMMENT ON COLUMN gate.heard_at IS 'Last batch; its update is also the lock that lets one batch of a gate in at a time.';
CREATE INDEX gate_by_province ON gate (province, name, id);

CREATE TABLE pts_read (
    gate_id uuid NOT NULL,
    client_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    province smallint NOT NULL,
    plate text NOT NULL,
    plate_read text NOT NULL,
    confidence real NOT NULL,
    char_confidence real[],
    grammar text NOT NULL,
    read_at timestamptz NOT NULL,
    skew_ms bigint,
    late boolean NOT NULL,
    direction text,
    PRIMARY KEY (gate_id, client_id, received_at)
) PARTITION BY RANGE (received_at);
COMMENT ON TABLE pts_read IS 'Reads, partitioned by the day of receipt (UTC) and dropped whole before they are ten days old (E16). A hit keeps its own copy.';
COMMENT ON COLUMN pts_read.plate IS 'Normalised: A-Z, 0-9, ? for a character nobody could read.';

-- A read is never refused because tomorrow's partition was not made: it falls in here and is moved when the partition comes.
CREATE TABLE pts_read_default PARTITION OF pts_read DEFAULT;

-- Tables belong to their owner, so the sweep makes and drops days through these two, which accept nothing but days.
CREATE FUNCTION pts_read_make_days(from_day date, days int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    day date;
    part text;
    made int := 0;
BEGIN
    FOR day IN SELECT from_day + n FROM generate_series(0, least(days, 60) - 1) n LOOP
        part := 'pts_read_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE pts_read INCLUDING ALL)', part);
        EXECUTE format(
            'WITH moved AS (DELETE FROM pts_read_default WHERE received_at >= %L AND received_at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
            day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC', part);
        EXECUTE format('ALTER TABLE pts_read ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            part, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

CREATE FUNCTION pts_read_drop_day(before timestamptz) RETURNS TABLE (part text, gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- A day goes as soon as its first possible read is of age: its last one is then a day younger, so nothing outlives the period.
    -- One a call: its lock is short, and a sweep that is cut off has finished what it counted.
    SELECT inhrelid::regclass::text INTO part FROM pg_inherits
    WHERE inhparent = 'pts_read'::regclass AND inhrelid::regclass::text ~ '^pts_read_\d{8}$'
      AND to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' <= before
    ORDER BY 1 LIMIT 1;
    IF part IS NOT NULL THEN
        EXECUTE format('SELECT count(*) FROM %I', part) INTO gone;
        EXECUTE format('DROP TABLE %I', part);
        RETURN NEXT;
        RETURN;
    END IF;
    DELETE FROM pts_read_default WHERE received_at <= before;
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone > 0 THEN
        part := 'pts_read_default';
        RETURN NEXT;
    END IF;
END $$;

CREATE TABLE pts_image (
    gate_id uuid NOT NULL,
    client_id uuid NOT NULL,
    province smallint NOT NULL,
    received_at timestamptz NOT NULL,
    hit_id uuid,
    jpeg bytea NOT NULL,
    PRIMARY KEY (gate_id, client_id)
);
COMMENT ON TABLE pts_image IS 'Small pictures of reads; one that belongs to a hit stays with it, the others go first of all (E16).';
ALTER TABLE pts_image ALTER COLUMN jpeg SET STORAGE EXTERNAL; -- JPEG does not compress again
CREATE INDEX pts_image_age ON pts_image (received_at) WHERE hit_id IS NULL;
CREATE INDEX pts_image_of_hit ON pts_image (hit_id) WHERE hit_id IS NOT NULL;

CREATE TABLE hotlist_entry (
    id uuid PRIMARY KEY,
    province smallint NOT NULL REFERENCES province,
    plate text NOT NULL CHECK (plate ~ '^[A-Z0-9]{2,12}$'),
    category text NOT NULL CHECK (category IN ('terror', 'stolen', 'wanted', 'other')),
    authority text NOT NULL,
    document text NOT NULL,
    note text NOT NULL DEFAULT '',
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    recorded_at timestamptz NOT NULL,
    recorded_by uuid NOT NULL,
    ended_at timestamptz,
    ended_by uuid,
    end_reason text,
    CHECK (valid_to IS NULL OR valid_to > valid_from),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
COMMENT ON TABLE hotlist_entry IS 'Listed plates. Filed and ended by the province that answers for them, matched at every gate of the country. Several may name one plate.';
CREATE INDEX hotlist_entry_plate ON hotlist_entry (plate) INCLUDE (valid_from, valid_to) WHERE ended_at IS NULL;
CREATE INDEX hotlist_entry_by_province ON hotlist_entry (province, id DESC);

-- An entry ends, it is never erased or rewritten: what matched must stay what it was. Only the sweep may delete, when its period is over.
CREATE FUNCTION hotlist_entry_only_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL
       OR (to_jsonb(NEW) - ARRAY['ended_at', 'ended_by', 'end_reason']) <> (to_jsonb(OLD) - ARRAY['ended_at', 'ended_by', 'end_reason']) THEN
        RAISE EXCEPTION 'a hotlist entry is ended once and otherwise never changed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_ends BEFORE UPDATE ON hotlist_entry FOR EACH ROW EXECUTE FUNCTION hotlist_entry_only_ends();

CREATE TABLE pts_hit (
    id uuid PRIMARY KEY,
    province smallint NOT NULL REFERENCES province,
    gate_id uuid NOT NULL REFERENCES gate,
    client_id uuid NOT NULL,
    incident_id uuid NOT NULL,
    plate text NOT NULL,
    plate_read text NOT NULL,
    confidence real NOT NULL,
    char_confidence real[],
    turkish boolean NOT NULL,
    direction text,
    category text NOT NULL CHECK (category IN ('terror', 'stolen', 'wanted', 'other')),
    rank smallint NOT NULL,
    read_at timestamptz NOT NULL,
    last_read_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    skew_ms bigint,
    late boolean NOT NULL,
    reads int NOT NULL DEFAULT 1,
    verdict text CHECK (verdict IN ('confirmed', 'misread', 'not_active')),
    verdict_at timestamptz,
    verdict_by uuid,
    verdict_note text,
    outcome text CHECK (outcome IN ('vehicle_taken', 'person_taken', 'checked_released', 'not_found', 'misread', 'not_active')),
    outcome_at timestamptz,
    outcome_by uuid,
    outcome_note text,
    UNIQUE (gate_id, client_id),
    CHECK ((verdict IS NULL) = (verdict_at IS NULL)),
    CHECK ((outcome IS NULL) = (outcome_at IS NULL)),
    CHECK (outcome IS NULL OR verdict IS NOT NULL)
);
COMMENT ON TABLE pts_hit IS 'A listed plate passed a gate. Open until its outcome, whatever became of its incident (E15).';
COMMENT ON COLUMN pts_hit.verdict_by IS 'NULL with a verdict: the list itself ended meanwhile.';
CREATE INDEX pts_hit_open ON pts_hit (rank, id DESC) WHERE outcome IS NULL;
CREATE INDEX pts_hit_of_gate ON pts_hit (gate_id, last_read_at);
CREATE INDEX pts_hit_of_incident ON pts_hit (incident_id);
CREATE INDEX pts_hit_age ON pts_hit (outcome_at) WHERE outcome IS NOT NULL;

CREATE TABLE pts_hit_entry (
    hit_id uuid NOT NULL REFERENCES pts_hit ON DELETE CASCADE,
    entry_id uuid NOT NULL,
    province smallint NOT NULL,
    category text NOT NULL,
    authority text NOT NULL,
    document text NOT NULL,
    recorded_at timestamptz NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    PRIMARY KEY (hit_id, entry_id)
);
COMMENT ON TABLE pts_hit_entry IS 'Every entry that matched, as it stood then; province is the hit''s, since the entry may be another province''s.';
CREATE INDEX pts_hit_entry_of_entry ON pts_hit_entry (entry_id);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['pts_read', 'pts_image', 'hotlist_entry', 'pts_hit', 'pts_hit_entry'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY scope ON %I USING (province = ANY ((SELECT core_scope())::smallint[]))', name);
    END LOOP;
END $$;

-- A gate is equipment, not case data: an admin, who has an office and no scope, sets it up.
ALTER TABLE gate ENABLE ROW LEVEL SECURITY;
ALTER TABLE gate FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON gate USING (province = ANY ((SELECT core_scope() || core_office())::smallint[]));

-- A stolen car is driven into the next province, so matching looks past the caller's provinces and tells only what a hit needs.
-- FOR SHARE: an entry that is being ended meanwhile either ends first (and does not match) or waits for this hit's COMMIT, so that what
-- ending sets in motion finds the hit. A match is rare, so the locks are few.
CREATE FUNCTION pts_match(plates text[], at timestamptz)
RETURNS TABLE (
    plate text, entry_id uuid, category text, authority text, document text, recorded_at timestamptz, valid_from timestamptz, valid_to timestamptz
)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp ROWS 4 AS $$
    SELECT e.plate, e.id, e.category, e.authority, e.document, e.recorded_at, e.valid_from, e.valid_to
    FROM hotlist_entry e
    WHERE e.plate = ANY ($1) AND e.ended_at IS NULL AND e.valid_from <= $2 AND (e.valid_to IS NULL OR e.valid_to > $2)
    ORDER BY e.id
    FOR SHARE
$$;

CREATE FUNCTION pts_still_active(entries uuid[], at timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp ROWS 4 AS $$
    SELECT e.id FROM hotlist_entry e
    WHERE e.id = ANY ($1) AND e.ended_at IS NULL AND e.valid_from <= $2 AND (e.valid_to IS NULL OR e.valid_to > $2)
$$;

-- A dispatcher may have merged a hit's incident into another: where it is worked on now, whether nothing else hangs on it, and whether it
-- is about a plate at all.
CREATE FUNCTION pts_incident_now(p_incident uuid) RETURNS TABLE (id uuid, alone boolean, ours boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
    WITH RECURSIVE chain AS (
        SELECT i.id, i.merged_into, i.source, 0 AS step FROM incident i WHERE i.id = p_incident
        UNION ALL
        SELECT i.id, i.merged_into, i.source, c.step + 1 FROM chain c JOIN incident i ON i.id = c.merged_into
    )
    SELECT c.id, c.step = 0 AND NOT EXISTS (SELECT FROM incident m WHERE m.merged_into = c.id), c.source = 'pts'
    FROM chain c ORDER BY c.step DESC LIMIT 1
$$;
CREATE INDEX incident_merged ON incident (merged_into) WHERE merged_into IS NOT NULL;

-- The hits an incident is about, those of incidents merged into it included.
CREATE FUNCTION pts_hits_of(p_incident uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 2 AS $$
    WITH RECURSIVE family AS (
        SELECT p_incident AS id
        UNION
        SELECT i.id FROM family f JOIN incident i ON i.merged_into = f.id
    )
    SELECT h.id FROM family f JOIN pts_hit h ON h.incident_id = f.id
$$;

-- What a crew must know the vehicle by. It looks past the scope because a team borrowed from next door sees no row of this province; the
-- route asks only after dispatch has shown that the dispatch is the caller's, and audits the look.
CREATE FUNCTION pts_vehicle_of(p_incident uuid) RETURNS TABLE (
    hit_id uuid, plate text, category text, turkish boolean, direction text, read_at timestamptz, late boolean, verdict text, outcome text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$
    SELECT h.id, h.plate, h.category, h.turkish, h.direction, h.read_at, h.late, h.verdict, h.outcome
    FROM pts_hit h WHERE h.id IN (SELECT pts_hits_of(p_incident))
    ORDER BY h.outcome IS NOT NULL, h.rank, h.id DESC LIMIT 1
$$;

GRANT SELECT ON pts_hit TO merkez_geo;
GRANT SELECT, UPDATE (end_reason) ON hotlist_entry TO merkez_geo; -- UPDATE only because FOR SHARE asks for it
ALTER FUNCTION pts_match(text[], timestamptz) OWNER TO merkez_geo;
ALTER FUNCTION pts_still_active(uuid[], timestamptz) OWNER TO merkez_geo;
ALTER FUNCTION pts_incident_now(uuid) OWNER TO merkez_geo;
ALTER FUNCTION pts_hits_of(uuid) OWNER TO merkez_geo;
ALTER FUNCTION pts_vehicle_of(uuid) OWNER TO merkez_geo;
-- These two make and drop tables; nobody can log in as their owner.
GRANT CREATE, USAGE ON SCHEMA public TO merkez_owner;
ALTER TABLE pts_read OWNER TO merkez_owner;
ALTER TABLE pts_read_default OWNER TO merkez_owner;
ALTER FUNCTION pts_read_make_days(date, int) OWNER TO merkez_owner;
ALTER FUNCTION pts_read_drop_day(timestamptz) OWNER TO merkez_owner;
REVOKE ALL ON FUNCTION pts_match(text[], timestamptz), pts_still_active(uuid[], timestamptz), pts_incident_now(uuid), pts_hits_of(uuid),
    pts_vehicle_of(uuid),
    pts_read_make_days(date, int), pts_read_drop_day(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pts_match(text[], timestamptz), pts_still_active(uuid[], timestamptz), pts_incident_now(uuid), pts_hits_of(uuid),
    pts_vehicle_of(uuid) TO merkez_api, merkez_timers;
GRANT EXECUTE ON FUNCTION pts_read_make_days(date, int) TO merkez_sweep, merkez_api;
GRANT EXECUTE ON FUNCTION pts_read_drop_day(timestamptz) TO merkez_sweep;

GRANT SELECT, INSERT ON gate, pts_read, pts_image, hotlist_entry, pts_hit, pts_hit_entry TO merkez_api;
GRANT UPDATE (heard_at) ON gate TO merkez_api;
GRANT UPDATE (ended_at, ended_by, end_reason) ON hotlist_entry TO merkez_api;
GRANT UPDATE (hit_id) ON pts_image TO merkez_api;
GRANT UPDATE (reads, last_read_at, verdict, verdict_at, verdict_by, verdict_note, outcome, outcome_at, outcome_by, outcome_note)
    ON pts_hit TO merkez_api, merkez_timers;
GRANT SELECT ON gate, hotlist_entry, pts_hit, pts_hit_entry TO merkez_timers;
GRANT SELECT, DELETE ON pts_image, hotlist_entry, pts_hit, pts_hit_entry TO merkez_sweep;
GRANT SELECT ON gate, pts_read TO merkez_sweep;

SELECT pts_read_make_days(current_date, 3);
