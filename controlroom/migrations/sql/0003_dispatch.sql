-- The middle of the house: teams and where they are, incidents, who was asked and what became of it.
--
-- Two rules shape this file. A position batch must never lock what a claim needs, so a team's state and its position are two tables
-- (with one table SKIP LOCKED passed over the nearest team in 1.6 % of claims). And `ORDER BY <-> LIMIT FOR UPDATE` is broken on a GiST
-- index with lossy distances, so a claim walks the index without a lock and then tries each team by its primary key.

CREATE TABLE team (
    id uuid PRIMARY KEY,
    code text NOT NULL CHECK (code <> ''),
    kind text NOT NULL CHECK (kind IN ('patrol', 'motorcycle', 'foot', 'traffic', 'plainclothes', 'special')),
    force text NOT NULL CHECK (force IN ('police', 'gendarmerie')),
    province smallint NOT NULL REFERENCES province,
    district integer REFERENCES district,
    roster text NOT NULL DEFAULT 'off_duty' CHECK (roster IN ('available', 'paused', 'off_duty')),
    roster_at timestamptz NOT NULL,
    vehicle boolean NOT NULL DEFAULT true,
    stops_vehicles boolean NOT NULL DEFAULT false,
    woman_officer boolean NOT NULL DEFAULT false,
    first_aid boolean NOT NULL DEFAULT false,
    -- No foreign key: the claim names the dispatch a statement before its row exists. dispatch_one_per_team below holds the two together.
    engaged_dispatch uuid,
    created_at timestamptz NOT NULL,
    UNIQUE (province, code)
) WITH (fillfactor = 70);
COMMENT ON TABLE team IS 'A crew that can be sent; free = roster available and engaged_dispatch null.';
-- Finds the free ones without looking at the others: 0 % and 1 % free must be quick too.
CREATE INDEX team_free ON team (province, id) WHERE roster = 'available' AND engaged_dispatch IS NULL;
CREATE INDEX team_free_district ON team (district) WHERE roster = 'available' AND engaged_dispatch IS NULL;

CREATE TABLE team_position (
    team_id uuid PRIMARY KEY REFERENCES team,
    province smallint NOT NULL,
    position geography(Point, 4326) NOT NULL,
    accuracy_m real,
    fixed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    skew_s real NOT NULL,
    heading_deg real,
    speed_mps real
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);
COMMENT ON COLUMN team_position.province IS 'The team''s, so that a row can be scoped without a join.';
COMMENT ON COLUMN team_position.skew_s IS 'Seconds from the device''s time of the fix to our time of receipt.';
CREATE INDEX team_position_gist ON team_position USING gist (position);

CREATE TABLE team_track (
    team_id uuid NOT NULL,
    province smallint NOT NULL,
    position geography(Point, 4326) NOT NULL,
    accuracy_m real,
    fixed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    heading_deg real,
    speed_mps real
) PARTITION BY RANGE (received_at);
COMMENT ON TABLE team_track IS 'Where crews have been, one partition a day of receipt (UTC), dropped after 30 days.';
CREATE INDEX team_track_team ON team_track (team_id, received_at);

CREATE TABLE incident (
    id uuid PRIMARY KEY,
    olay_no text NOT NULL UNIQUE,
    home smallint NOT NULL REFERENCES province,
    provinces smallint[] NOT NULL CHECK (cardinality(provinces) > 0),
    source text NOT NULL CHECK (source IN ('kades', 'pts', 'phone', 'team_panic', 'other')),
    source_id uuid,
    kind text NOT NULL,
    priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 9),
    state text NOT NULL CHECK (state IN ('raised', 'waiting', 'offered', 'assigned', 'on_scene', 'closed')),
    position geography(Point, 4326),
    accuracy_m real,
    fixed_at timestamptz,
    position_kind text NOT NULL CHECK (position_kind IN ('fix', 'last_known', 'none')),
    place_text text,
    person_id uuid,
    instruction text CHECK (instruction IN ('observe', 'stop', 'withdrawn')),
    silent boolean NOT NULL DEFAULT false,
    drill boolean NOT NULL DEFAULT false,
    automatic boolean NOT NULL DEFAULT true,
    may_take_last boolean NOT NULL DEFAULT true,
    without_team uuid,
    need_vehicle boolean NOT NULL DEFAULT false,
    need_stops_vehicles boolean NOT NULL DEFAULT false,
    need_woman_officer boolean NOT NULL DEFAULT false,
    need_first_aid boolean NOT NULL DEFAULT false,
    needed_teams smallint NOT NULL DEFAULT 1 CHECK (needed_teams BETWEEN 1 AND 20),
    received_at timestamptz NOT NULL,
    opened_by uuid,
    owner_id uuid,
    owner_name text,
    taken_at timestamptz,
    evaluation text CHECK (evaluation IN ('genuine', 'mistaken', 'unclear')),
    cancelled text CHECK (cancelled = 'informed'),
    further int NOT NULL DEFAULT 0,
    again_at timestamptz,
    round smallint NOT NULL DEFAULT 0,
    seeking boolean NOT NULL DEFAULT false,
    reach smallint[] NOT NULL DEFAULT '{}',
    due_warn_at timestamptz NOT NULL,
    due_breach_at timestamptz NOT NULL,
    warned_at timestamptz,
    breached_at timestamptz,
    delivered_at timestamptz,
    outcome text,
    outcome_body text,
    closed_at timestamptz,
    closed_by uuid,
    merged_into uuid REFERENCES incident,
    version int NOT NULL DEFAULT 1,
    CHECK ((closed_at IS NULL) = (outcome IS NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((position IS NULL) = (position_kind = 'none'))
) WITH (fillfactor = 70);
COMMENT ON COLUMN incident.home IS 'The province its olay no counts in; provinces says who sees it.';
COMMENT ON COLUMN incident.seeking IS 'Wanted a team and nobody was free: the queue, by priority, then age.';
COMMENT ON COLUMN incident.reach IS 'Provinces whose teams were looked at last: a team of one of them that frees wakes it.';
COMMENT ON COLUMN incident.again_at IS 'When its person last pressed again: a team that cleared before that no longer counts as sent.';
COMMENT ON COLUMN incident.without_team IS 'The team whose own panic this is; it is never sent to itself.';
-- One open incident for a person. A drill is another thing than the real one, and never swallows it.
CREATE UNIQUE INDEX incident_person_open ON incident (person_id, drill) WHERE closed_at IS NULL AND person_id IS NOT NULL;
CREATE INDEX incident_person ON incident (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX incident_open ON incident (received_at, id) WHERE closed_at IS NULL;
CREATE INDEX incident_seeking ON incident (priority, received_at) WHERE seeking;
CREATE INDEX incident_received ON incident (received_at, id);

CREATE TABLE incident_caller (
    incident_id uuid PRIMARY KEY REFERENCES incident,
    provinces smallint[] NOT NULL,
    name text,
    phone text,
    words text,
    received_at timestamptz NOT NULL
);
COMMENT ON TABLE incident_caller IS 'Who told us by telephone and in what words; kept apart so that it can go before the incident does.';

CREATE TABLE incident_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incident,
    provinces smallint[] NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    actor_kind text,
    actor_id uuid,
    actor_name text,
    detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX incident_event_incident ON incident_event (incident_id, id);

CREATE TABLE dispatch (
    id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES incident,
    provinces smallint[] NOT NULL,
    team_id uuid NOT NULL REFERENCES team,
    team_code text NOT NULL,
    team_province smallint NOT NULL,
    state text NOT NULL CHECK (state IN ('offered', 'acknowledged', 'accepted', 'en_route', 'on_scene', 'clear', 'declined', 'timed_out', 'withdrawn')),
    round smallint NOT NULL,
    offered_at timestamptz NOT NULL,
    offered_by uuid,
    ack_due_at timestamptz NOT NULL,
    accept_due_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    accepted_at timestamptz,
    en_route_at timestamptz,
    on_scene_at timestamptz,
    ended_at timestamptz,
    reason text,
    by text CHECK (by IN ('app', 'radio')),
    lead boolean NOT NULL DEFAULT false,
    drill boolean NOT NULL DEFAULT false,
    distance_m real,
    eta_s int,
    fix_age_s real
) WITH (fillfactor = 70);
CREATE INDEX dispatch_incident ON dispatch (incident_id);
CREATE INDEX dispatch_timed_out ON dispatch (team_id) WHERE state = 'timed_out';
-- The last barrier of law 4: whatever a claim does wrong, a team cannot hold two.
CREATE UNIQUE INDEX dispatch_one_per_team ON dispatch (team_id) WHERE state IN ('offered', 'acknowledged', 'accepted', 'en_route', 'on_scene');

CREATE TABLE candidate (
    incident_id uuid NOT NULL REFERENCES incident,
    round smallint NOT NULL,
    team_id uuid NOT NULL,
    provinces smallint[] NOT NULL,
    team_code text NOT NULL,
    at timestamptz NOT NULL,
    distance_m real,
    eta_s int,
    fix_age_s real,
    stale boolean NOT NULL,
    free boolean NOT NULL,
    chosen boolean NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (incident_id, round, team_id)
);
COMMENT ON TABLE candidate IS 'E11: the nearest teams of each round of choosing, how far, how old their fix, and why each was or was not taken.';

CREATE TABLE alarm (
    id uuid PRIMARY KEY,
    provinces smallint[] NOT NULL,
    incident_id uuid REFERENCES incident,
    kind text NOT NULL,
    raised_at timestamptz NOT NULL,
    times int NOT NULL DEFAULT 1,
    note text,
    drill boolean NOT NULL DEFAULT false,
    acked_at timestamptz,
    acked_by uuid,
    acked_name text,
    ended_at timestamptz
);
CREATE UNIQUE INDEX alarm_open ON alarm (incident_id, kind) WHERE incident_id IS NOT NULL AND acked_at IS NULL AND ended_at IS NULL;
CREATE UNIQUE INDEX alarm_open_province ON alarm (kind, provinces) WHERE incident_id IS NULL AND acked_at IS NULL AND ended_at IS NULL;
CREATE INDEX alarm_unacked ON alarm (raised_at) WHERE acked_at IS NULL AND ended_at IS NULL;
CREATE INDEX alarm_incident ON alarm (incident_id);

-- Scope (law 10) -----------------------------------------------------------------------------------------------------------------------

ALTER TABLE team ENABLE ROW LEVEL SECURITY;
ALTER TABLE team FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON team USING (province = ANY ((SELECT core_scope())::smallint[]));
ALTER TABLE team_position ENABLE ROW LEVEL SECURITY;
ALTER TABLE team_position FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON team_position USING (province = ANY ((SELECT core_scope())::smallint[]));
ALTER TABLE team_track ENABLE ROW LEVEL SECURITY;
ALTER TABLE team_track FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON team_track USING (province = ANY ((SELECT core_scope())::smallint[]));
ALTER TABLE incident ENABLE ROW LEVEL SECURITY;
ALTER TABLE incident FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON incident USING (provinces && (SELECT core_scope()));
ALTER TABLE incident_caller ENABLE ROW LEVEL SECURITY;
ALTER TABLE incident_caller FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON incident_caller USING (provinces && (SELECT core_scope()));
ALTER TABLE incident_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE incident_event FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON incident_event USING (provinces && (SELECT core_scope()));
ALTER TABLE dispatch ENABLE ROW LEVEL SECURITY;
ALTER TABLE dispatch FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON dispatch USING (provinces && (SELECT core_scope()));
ALTER TABLE candidate ENABLE ROW LEVEL SECURITY;
ALTER TABLE candidate FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON candidate USING (provinces && (SELECT core_scope()));
ALTER TABLE alarm ENABLE ROW LEVEL SECURITY;
ALTER TABLE alarm FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON alarm USING (provinces && (SELECT core_scope()));

GRANT SELECT, INSERT, UPDATE ON team, team_position, incident, incident_caller, dispatch, alarm TO merkez_api, merkez_timers, merkez_sweep, merkez_geo;
GRANT SELECT, INSERT ON incident_event, candidate, team_track TO merkez_api, merkez_timers, merkez_sweep, merkez_geo;
GRANT UPDATE (provinces) ON incident_event, candidate TO merkez_api, merkez_timers, merkez_sweep, merkez_geo;
-- A crew acknowledges an offer by its number and a snapshot keeps that number; what was said stays closed to the API's role.
GRANT SELECT (seq, type, channels, subject_id) ON event_log TO merkez_api, merkez_geo;
GRANT SELECT, INSERT ON request_once TO merkez_geo;
-- The job that rebuilds the index over positions must own it.
ALTER TABLE team_position OWNER TO merkez_sweep;
GRANT DELETE ON incident_caller, team_position TO merkez_sweep;

-- Olay no ------------------------------------------------------------------------------------------------------------------------------

-- A sequence for each province and year, made when the first incident of it arrives. A counter row would queue every press of a province
-- behind the one before it; a sequence may leave gaps, and a gap in olay numbers costs nothing.
CREATE FUNCTION dispatch_olay_no(p_province smallint, p_at timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_year text := to_char(p_at AT TIME ZONE 'Europe/Istanbul', 'YYYY');
    v_name text := format('olay_no_%s_%s', p_province, v_year);
BEGIN
    WHILE to_regclass(v_name) IS NULL LOOP
        BEGIN
            EXECUTE format('CREATE SEQUENCE %I', v_name);
        EXCEPTION WHEN duplicate_table OR unique_violation THEN NULL;  -- another press made it in the same instant
        END;
    END LOOP;
    RETURN format('%s-%s-%s', lpad(p_province::text, 2, '0'), v_year, lpad(nextval(v_name::regclass)::text, 6, '0'));
END $$;

-- Days of the track ----------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION dispatch_track_days(p_from date, p_to date) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_day date;
    v_name text;
    v_made int := 0;
BEGIN
    FOR v_day IN SELECT generate_series(p_from, p_to, interval '1 day')::date LOOP
        v_name := 'team_track_' || to_char(v_day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
        BEGIN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF team_track FOR VALUES FROM (%L) TO (%L)',
                v_name, v_day::timestamp AT TIME ZONE 'UTC', (v_day + 1)::timestamp AT TIME ZONE 'UTC');
            v_made := v_made + 1;
        EXCEPTION WHEN duplicate_table OR unique_violation THEN NULL;  -- another batch made it in the same instant
        END;
    END LOOP;
    RETURN v_made;
END $$;

-- These two make tables and sequences, so the owner's role runs them; nobody can log in as it.
GRANT CREATE, USAGE ON SCHEMA public TO merkez_owner;
ALTER TABLE team_track OWNER TO merkez_owner;
ALTER FUNCTION dispatch_olay_no(smallint, timestamptz) OWNER TO merkez_owner;
ALTER FUNCTION dispatch_track_days(date, date) OWNER TO merkez_owner;

-- Facts --------------------------------------------------------------------------------------------------------------------------------

-- plpgsql throughout, for a plan is then kept for the session: a function in plain SQL is planned anew at each call.

-- All that the rules need to know of one incident, in one round trip. Not granted to anybody: the doors below check the scope.
CREATE FUNCTION dispatch_facts(p_incident uuid) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object(
            'incident', to_jsonb(i) - 'position' || jsonb_build_object('lon', ST_X(i.position::geometry), 'lat', ST_Y(i.position::geometry)),
            'dispatches', coalesce((SELECT jsonb_agg(to_jsonb(d) ORDER BY d.offered_at, d.id) FROM dispatch d WHERE d.incident_id = i.id), '[]'),
            'alarms', coalesce((SELECT jsonb_agg(a.kind) FROM alarm a
                                WHERE a.incident_id = i.id AND a.acked_at IS NULL AND a.ended_at IS NULL), '[]'))
        FROM incident i WHERE i.id = p_incident);
END $$;

-- Lets the rest of this transaction see one incident's provinces beside its own.
CREATE FUNCTION dispatch_widen(p_provinces smallint[]) RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    v_scope smallint[] := core_scope();
BEGIN
    IF NOT p_provinces <@ v_scope THEN
        PERFORM set_config('merkez.provinces', array_to_string(ARRAY(SELECT DISTINCT unnest(v_scope || p_provinces) ORDER BY 1), ','), true);
    END IF;
END $$;

-- Locks an incident of the caller's scope and tells all about it. `p_any_scope` is for the doors of the sources, whose device knows
-- nothing of provinces: the woman's phone is registered in one and rings in another. Without `p_wait` a locked one answers {busy}: a timer's
-- handler holds its timer's row, and whoever holds the incident may be about to set that same timer.
CREATE FUNCTION dispatch_lock_incident(p_incident uuid, p_any_scope boolean, p_wait boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_provinces smallint[];
BEGIN
    IF p_wait THEN
        SELECT provinces INTO v_provinces FROM incident
        WHERE id = p_incident AND (p_any_scope OR provinces && core_scope()) FOR NO KEY UPDATE;
    ELSE
        SELECT provinces INTO v_provinces FROM incident
        WHERE id = p_incident AND (p_any_scope OR provinces && core_scope()) FOR NO KEY UPDATE SKIP LOCKED;
    END IF;
    IF NOT FOUND THEN
        RETURN (SELECT '{"busy": true}'::jsonb FROM incident
                WHERE NOT p_wait AND id = p_incident AND (p_any_scope OR provinces && core_scope()));
    END IF;
    -- Teams may have been borrowed from next door, and must be released under the same transaction.
    PERFORM dispatch_widen(v_provinces || coalesce(
        (SELECT array_agg(DISTINCT team_province) FROM dispatch WHERE incident_id = p_incident), '{}'));
    RETURN dispatch_facts(p_incident);
END $$;

-- The same for an answer to a dispatch. The team whose dispatch it is may answer wherever the incident lies; anybody else needs the scope.
CREATE FUNCTION dispatch_lock_dispatch(p_dispatch uuid, p_team uuid, p_wait boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_incident uuid;
    v_team uuid;
    v_now_of uuid;
    v_facts jsonb;
BEGIN
    SELECT incident_id, team_id INTO v_incident, v_team FROM dispatch
    WHERE id = p_dispatch AND CASE WHEN p_team IS NULL THEN provinces && core_scope() ELSE team_id = p_team END;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    LOOP
        v_facts := dispatch_lock_incident(v_incident, true, p_wait);
        IF v_facts ? 'busy' THEN
            RETURN v_facts;
        END IF;
        -- A merge may have carried the dispatch over while we waited for the lock.
        SELECT incident_id INTO v_now_of FROM dispatch WHERE id = p_dispatch;
        EXIT WHEN v_now_of = v_incident;
        v_incident := v_now_of;
    END LOOP;
    RETURN v_facts || jsonb_build_object('team', (
        SELECT jsonb_build_object('id', t.id, 'roster', t.roster, 'engaged_dispatch', t.engaged_dispatch)
        FROM team t WHERE t.id = v_team FOR NO KEY UPDATE));
END $$;

-- A crew's acknowledgement names the number of the frame that brought the offer: finds whose it is, and locks as above.
CREATE FUNCTION dispatch_lock_offer(p_seq bigint, p_team uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_dispatch uuid;
BEGIN
    SELECT subject_id INTO v_dispatch FROM event_log
    WHERE seq = p_seq AND type = 'dispatch.offered' AND 'team:' || p_team::text = ANY (channels)
      AND EXISTS (SELECT 1 FROM team WHERE id = p_team AND province = ANY (core_scope()));
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN dispatch_lock_dispatch(v_dispatch, p_team, true) || jsonb_build_object('of', v_dispatch);
END $$;

-- Law 3 and the lock in one round trip, for what crews say most often: {answer} when this client_id came before, {another} when it came
-- with another body, else the facts. The same as core.once does in two statements; `save` writes the answer.
CREATE FUNCTION dispatch_lock_said(p_sender uuid, p_client uuid, p_fingerprint bytea, p_now timestamptz, p_dispatch uuid, p_team uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_seen request_once;
BEGIN
    -- The primary key makes a second one with the same id wait here until the first has committed or gone.
    INSERT INTO request_once (sender, client_id, fingerprint, at) VALUES (p_sender, p_client, p_fingerprint, p_now) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT * INTO v_seen FROM request_once WHERE sender = p_sender AND client_id = p_client;
        RETURN CASE WHEN v_seen.fingerprint = p_fingerprint AND v_seen.answer IS NOT NULL
                    THEN jsonb_build_object('answer', v_seen.answer) ELSE '{"another": true}' END;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM team WHERE id = p_team AND province = ANY (core_scope())) THEN
        RETURN NULL;
    END IF;
    RETURN dispatch_lock_dispatch(p_dispatch, p_team, true);
END $$;

-- One dispatch with its incident, unlocked, by the same right as above. NULL when there is none for this caller.
CREATE FUNCTION dispatch_look(p_dispatch uuid, p_team uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT dispatch_facts(d.incident_id) FROM dispatch d
            WHERE d.id = p_dispatch AND CASE WHEN p_team IS NULL THEN d.provinces && core_scope() ELSE d.team_id = p_team END);
END $$;

-- What a crew of the caller's scope has in hand: asked and still open, or going.
CREATE FUNCTION dispatch_in_hand(p_team uuid) RETURNS TABLE (dispatch_id uuid, facts jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT d.id, dispatch_facts(d.incident_id)
    FROM (
        -- Two arms for two indexes: what a crew holds, and what ran out and may still be accepted.
        SELECT x.id, x.incident_id, x.offered_at FROM dispatch x
        WHERE x.team_id = p_team AND x.state IN ('offered', 'acknowledged', 'accepted', 'en_route', 'on_scene')
        UNION ALL
        SELECT x.id, x.incident_id, x.offered_at FROM dispatch x WHERE x.team_id = p_team AND x.state = 'timed_out'
    ) d
    WHERE EXISTS (SELECT 1 FROM team t WHERE t.id = p_team AND t.province = ANY (core_scope()))
    ORDER BY d.offered_at, d.id;
END $$;

-- Who waits for a team of these provinces, most urgent and oldest first. Ids only: whose team has just freed need not see those incidents.
CREATE FUNCTION dispatch_waiting_for(p_provinces smallint[], p_limit int) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT i.id FROM incident i WHERE i.seeking AND i.reach && p_provinces ORDER BY i.drill, i.priority, i.received_at, i.id LIMIT p_limit;
END $$;

-- The sources' door ------------------------------------------------------------------------------------------------------------------------

-- A person's open incident, following merges. NULL when there is none.
CREATE FUNCTION dispatch_open_of(p_person uuid, p_drill boolean) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_id uuid;
    v_into uuid;
BEGIN
    SELECT id INTO v_id FROM incident WHERE person_id = p_person AND drill = p_drill AND closed_at IS NULL;
    IF FOUND THEN
        RETURN v_id;
    END IF;
    SELECT merged_into INTO v_into FROM incident
    WHERE person_id = p_person AND drill = p_drill AND merged_into IS NOT NULL ORDER BY closed_at DESC LIMIT 1;
    WHILE v_into IS NOT NULL LOOP
        SELECT id, merged_into INTO v_id, v_into FROM incident WHERE id = v_into;
        IF v_into IS NULL THEN
            RETURN (SELECT id FROM incident WHERE id = v_id AND closed_at IS NULL);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- Inserts an alert's incident, or joins the person's open one. It works under any scope: nothing about a device may keep a press out.
-- The unique index on the person's open incident settles two presses in the same instant.
CREATE FUNCTION dispatch_raise(p jsonb) RETURNS TABLE (incident_id uuid, olay_no text, joined boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_person uuid := (p ->> 'person_id')::uuid;
    v_drill boolean := (p ->> 'drill')::boolean;
    v_provinces smallint[] := ARRAY(SELECT jsonb_array_elements_text(p -> 'provinces')::smallint ORDER BY 1);
    v_received timestamptz := (p ->> 'received_at')::timestamptz;
    v_open uuid;
BEGIN
    LOOP
        IF v_person IS NOT NULL THEN
            v_open := dispatch_open_of(v_person, v_drill);
            IF v_open IS NOT NULL THEN
                RETURN QUERY
                UPDATE incident i
                SET further = i.further + 1, again_at = v_received, silent = i.silent OR (p ->> 'silent')::boolean,
                    priority = least(i.priority, (p ->> 'priority')::smallint), automatic = i.automatic OR (p ->> 'automatic')::boolean,
                    version = i.version + 1
                WHERE i.id = v_open AND i.closed_at IS NULL
                RETURNING i.id, i.olay_no, true;
                IF FOUND THEN
                    RETURN;
                END IF;
                CONTINUE;  -- closed while we waited for it: a closed incident takes no press
            END IF;
        END IF;
        RETURN QUERY
        INSERT INTO incident AS i (
            id, olay_no, home, provinces, source, source_id, kind, priority, state, position, accuracy_m, fixed_at, position_kind,
            place_text, person_id, instruction, silent, drill, automatic, may_take_last, without_team,
            need_vehicle, need_stops_vehicles, need_woman_officer, need_first_aid, needed_teams,
            received_at, opened_by, owner_id, owner_name, taken_at, due_warn_at, due_breach_at)
        VALUES (
            (p ->> 'id')::uuid, dispatch_olay_no((p ->> 'home')::smallint, v_received), (p ->> 'home')::smallint, v_provinces,
            p ->> 'source', (p ->> 'source_id')::uuid, p ->> 'kind', (p ->> 'priority')::smallint, 'raised',
            CASE WHEN p ->> 'lon' IS NOT NULL
                 THEN ST_SetSRID(ST_MakePoint((p ->> 'lon')::float8, (p ->> 'lat')::float8), 4326)::geography END,
            (p ->> 'accuracy_m')::real, (p ->> 'fixed_at')::timestamptz, p ->> 'position_kind',
            p ->> 'place_text', v_person, p ->> 'instruction', (p ->> 'silent')::boolean, v_drill,
            (p ->> 'automatic')::boolean, (p ->> 'may_take_last')::boolean, (p ->> 'without_team')::uuid,
            (p -> 'needs') ? 'vehicle', (p -> 'needs') ? 'stops_vehicles', (p -> 'needs') ? 'woman_officer', (p -> 'needs') ? 'first_aid',
            (p ->> 'needed_teams')::smallint, v_received,
            (p ->> 'opened_by')::uuid, (p ->> 'owner_id')::uuid, p ->> 'owner_name', (p ->> 'taken_at')::timestamptz,
            (p ->> 'due_warn_at')::timestamptz, (p ->> 'due_breach_at')::timestamptz)
        ON CONFLICT (person_id, drill) WHERE closed_at IS NULL AND person_id IS NOT NULL DO NOTHING
        RETURNING i.id, i.olay_no, false;
        IF FOUND THEN
            INSERT INTO incident_event (incident_id, provinces, at, kind, actor_kind, actor_id, actor_name, detail)
            VALUES ((p ->> 'id')::uuid, v_provinces, v_received, 'raised', p ->> 'actor_kind', (p ->> 'actor_id')::uuid, p ->> 'actor_name',
                    jsonb_build_object('source', p ->> 'source'));
            RETURN;
        END IF;
    END LOOP;
END $$;

-- Nearest ------------------------------------------------------------------------------------------------------------------------------

-- The nearest free teams of the caller's own provinces, for the map and the desk; no lock, no promise.
-- A function of its own because PostGIS operators are not leakproof: under row level security the planner may not use the index.
CREATE FUNCTION dispatch_nearest(p_lon float8, p_lat float8, p_limit int)
RETURNS TABLE (team_id uuid, code text, distance_m float8, fixed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_sort = off AS $$
DECLARE
    v_here geography := ST_SetSRID(ST_MakePoint(p_lon, p_lat), 4326)::geography;
    v_scope smallint[] := core_scope();
    v_few uuid[];
BEGIN
    -- Walking outward is slow where hardly anybody is free (a second for nobody among 100,000): those few are sorted instead.
    v_few := ARRAY(SELECT t.id FROM team t
                   WHERE t.roster = 'available' AND t.engaged_dispatch IS NULL AND t.province = ANY (v_scope) LIMIT 101);
    IF cardinality(v_few) <= 100 THEN
        -- Summed with nothing, so that no index offers this order: with sorting dear the planner would walk all positions for it.
        RETURN QUERY
        SELECT t.id, t.code, p.position <-> v_here, p.fixed_at
        FROM team_position p JOIN team t ON t.id = p.team_id
        WHERE p.team_id = ANY (v_few) ORDER BY (p.position <-> v_here) + 0.0 LIMIT p_limit;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT t.id, t.code, p.position <-> v_here, p.fixed_at
    FROM team_position p JOIN team t ON t.id = p.team_id
    WHERE t.roster = 'available' AND t.engaged_dispatch IS NULL AND t.province = ANY (v_scope)
    ORDER BY p.position <-> v_here
    LIMIT p_limit;
END $$;

-- Claim --------------------------------------------------------------------------------------------------------------------------------

-- How many incidents stand before this one in the queue and could use a team that is free now (contract: by priority, then age). A drill
-- stands behind everything real, whatever its priority.
CREATE FUNCTION dispatch_ahead(p_incident incident) RETURNS int LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT count(*) FROM incident a
        WHERE a.seeking AND a.id <> p_incident.id
          AND (a.drill, a.priority, a.received_at, a.id) < (p_incident.drill, p_incident.priority, p_incident.received_at, p_incident.id)
          AND EXISTS (
            SELECT 1 FROM team t
            WHERE t.roster = 'available' AND t.engaged_dispatch IS NULL AND t.province = ANY (a.reach)
              AND (t.vehicle OR NOT a.need_vehicle) AND (t.stops_vehicles OR NOT a.need_stops_vehicles)
              AND (t.woman_officer OR NOT a.need_woman_officer) AND (t.first_aid OR NOT a.need_first_aid)
              AND t.id IS DISTINCT FROM a.without_team
              AND NOT EXISTS (SELECT 1 FROM dispatch d WHERE d.incident_id = a.id AND d.team_id = t.id
                              AND (d.state NOT IN ('withdrawn', 'clear') OR d.reason = 'recalled'))
              AND (a.may_take_last OR EXISTS (
                    SELECT 1 FROM team o WHERE o.district IS NOT DISTINCT FROM t.district AND o.province = t.province AND o.id <> t.id
                    AND o.roster = 'available' AND o.engaged_dispatch IS NULL))));
END $$;

-- Takes one team by its primary key if it is free at this very moment: taken, kept (the last one of its district), locked (somebody else
-- is at it, and may yet roll back) or gone.
CREATE FUNCTION dispatch_try(p_team uuid, p_dispatch uuid, p_may_take_last boolean, p_wait boolean) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    v_district integer;
    v_province smallint;
BEGIN
    IF p_wait THEN
        SELECT district, province INTO v_district, v_province FROM team
        WHERE id = p_team AND roster = 'available' AND engaged_dispatch IS NULL FOR NO KEY UPDATE;
    ELSE
        SELECT district, province INTO v_district, v_province FROM team
        WHERE id = p_team AND roster = 'available' AND engaged_dispatch IS NULL FOR NO KEY UPDATE SKIP LOCKED;
    END IF;
    IF NOT FOUND THEN
        RETURN CASE WHEN EXISTS (SELECT 1 FROM team WHERE id = p_team AND roster = 'available' AND engaged_dispatch IS NULL)
                    THEN 'locked' ELSE 'gone' END;
    END IF;
    IF NOT p_may_take_last AND NOT EXISTS (
        SELECT 1 FROM team o WHERE o.district IS NOT DISTINCT FROM v_district AND o.province = v_province AND o.id <> p_team
        AND o.roster = 'available' AND o.engaged_dispatch IS NULL)
    THEN
        RETURN 'kept';
    END IF;
    UPDATE team SET engaged_dispatch = p_dispatch WHERE id = p_team;
    RETURN 'taken';
END $$;

-- What is looked for, and what a search came back with.
CREATE TYPE dispatch_wish AS (
    dispatch uuid, here geography, reach smallint[], excluded uuid[], stale_before timestamptz,
    vehicle boolean, stops_vehicles boolean, woman_officer boolean, first_aid boolean, may_take_last boolean
);
CREATE TYPE dispatch_got AS (team uuid, locked uuid[], kept uuid[]);

-- Walks outward over the positions, nearest first, and takes the first fresh free team. One row at a time from an open cursor: a FOR loop
-- would look for ten free ones before the first is tried. Without `enable_sort = off` the planner may sort instead of walking the index.
CREATE FUNCTION dispatch_walk(p_wish dispatch_wish, p_most int) RETURNS dispatch_got
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    c_near NO SCROLL CURSOR FOR
        SELECT p.team_id, p.fixed_at >= (p_wish).stale_before AS fresh
        FROM team_position p JOIN team t ON t.id = p.team_id
        WHERE p.province = ANY ((p_wish).reach) AND t.roster = 'available' AND t.engaged_dispatch IS NULL
          AND (t.vehicle OR NOT (p_wish).vehicle) AND (t.stops_vehicles OR NOT (p_wish).stops_vehicles)
          AND (t.woman_officer OR NOT (p_wish).woman_officer) AND (t.first_aid OR NOT (p_wish).first_aid)
          AND t.id <> ALL ((p_wish).excluded)
        ORDER BY p.position <-> (p_wish).here;
    v_near record;
    v_got dispatch_got := (NULL, '{}', '{}');
    v_what text;
BEGIN
    OPEN c_near;
    FOR v_seen IN 1 .. p_most LOOP
        FETCH c_near INTO v_near;
        EXIT WHEN NOT FOUND;
        CONTINUE WHEN NOT v_near.fresh;
        v_what := dispatch_try(v_near.team_id, (p_wish).dispatch, (p_wish).may_take_last, false);
        IF v_what = 'taken' THEN
            v_got.team := v_near.team_id;
            EXIT;
        ELSIF v_what = 'locked' THEN
            v_got.locked := v_got.locked || v_near.team_id;
        ELSIF v_what = 'kept' THEN
            v_got.kept := v_got.kept || v_near.team_id;
        END IF;
    END LOOP;
    CLOSE c_near;
    RETURN v_got;
END $$;

-- The same over a list of all free teams in reach: quick when few are free, and the only way to those with a stale fix or none.
-- Stale fixes rank last and are never dropped: with the gateway down all are stale and somebody must still go.
CREATE FUNCTION dispatch_list(p_wish dispatch_wish, p_got dispatch_got) RETURNS dispatch_got
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    v_near record;
    v_got dispatch_got := p_got;
    v_what text;
BEGIN
    FOR v_near IN
        SELECT t.id AS team_id
        FROM team t LEFT JOIN team_position p ON p.team_id = t.id
        WHERE t.province = ANY ((p_wish).reach) AND t.roster = 'available' AND t.engaged_dispatch IS NULL
          AND (t.vehicle OR NOT (p_wish).vehicle) AND (t.stops_vehicles OR NOT (p_wish).stops_vehicles)
          AND (t.woman_officer OR NOT (p_wish).woman_officer) AND (t.first_aid OR NOT (p_wish).first_aid)
          AND t.id <> ALL ((p_wish).excluded || (p_got).locked || (p_got).kept)
        ORDER BY coalesce(p.fixed_at >= (p_wish).stale_before, false) DESC, ST_Distance(p.position, (p_wish).here, false) NULLS LAST, t.id
    LOOP
        v_what := dispatch_try(v_near.team_id, (p_wish).dispatch, (p_wish).may_take_last, false);
        IF v_what = 'taken' THEN
            v_got.team := v_near.team_id;
            EXIT;
        ELSIF v_what = 'locked' THEN
            v_got.locked := v_got.locked || v_near.team_id;
        ELSIF v_what = 'kept' THEN
            v_got.kept := v_got.kept || v_near.team_id;
        END IF;
    END LOOP;
    RETURN v_got;
END $$;

-- Claims the nearest free team for `p_wish.dispatch`. Empty means none: where all that is left is locked, it waits for the lockers, one of
-- whom may roll back (only with `p_may_wait`: who already holds a claimed team must not wait for another, or two of them deadlock).
CREATE FUNCTION dispatch_claim(p_wish dispatch_wish, p_may_wait boolean, p_few int) RETURNS dispatch_got
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    v_got dispatch_got := (NULL, '{}', '{}');
    v_free int;
    v_team uuid;
BEGIN
    IF NOT (p_wish).may_take_last THEN
        -- Two hits at once would each see the other's team as the one that stays behind.
        PERFORM pg_advisory_xact_lock(hashtextextended('dispatch.last_of_district', 0));
    END IF;
    SELECT count(*) INTO v_free FROM (
        SELECT 1 FROM team t
        WHERE t.province = ANY ((p_wish).reach) AND t.roster = 'available' AND t.engaged_dispatch IS NULL LIMIT p_few + 1) AS bounded;
    IF v_free = 0 THEN
        RETURN v_got;
    END IF;
    IF v_free > p_few THEN
        v_got := dispatch_walk(p_wish, p_few);
    END IF;
    IF v_got.team IS NULL THEN
        v_got := dispatch_list(p_wish, v_got);
    END IF;
    IF v_got.team IS NULL AND p_may_wait THEN
        FOREACH v_team IN ARRAY v_got.locked LOOP
            IF dispatch_try(v_team, (p_wish).dispatch, (p_wish).may_take_last, true) = 'taken' THEN
                v_got.team := v_team;
                EXIT;
            END IF;
        END LOOP;
    END IF;
    RETURN v_got;
END $$;

-- The nearest teams in whatever state, for the record of a choice (E11).
CREATE FUNCTION dispatch_around(p_here geography, p_reach smallint[], p_limit int) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET enable_sort = off AS $$
BEGIN
    RETURN QUERY
    SELECT p.team_id FROM team_position p WHERE p.province = ANY (p_reach) ORDER BY p.position <-> p_here LIMIT p_limit;
END $$;

-- Chooses for an incident of the caller's scope, which the caller has locked: {yields, chosen, teams: [...]}.
-- `yields` is true when those who wait longer or more urgently need every team that is free.
CREATE FUNCTION dispatch_pick(
    p_incident uuid, p_dispatch uuid, p_reach smallint[], p_excluded uuid[], p_stale_before timestamptz,
    p_may_wait boolean, p_list int, p_few int
) RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_incident incident;
    v_wish dispatch_wish;
    v_got dispatch_got;
    v_ahead int := 0;
    v_teams jsonb;
BEGIN
    SELECT * INTO v_incident FROM incident WHERE id = p_incident AND provinces && core_scope();
    IF NOT FOUND OR v_incident.position IS NULL THEN
        RETURN NULL;
    END IF;
    v_wish := (p_dispatch, v_incident.position, p_reach, p_excluded || array_remove(ARRAY[v_incident.without_team], NULL), p_stale_before,
               v_incident.need_vehicle, v_incident.need_stops_vehicles, v_incident.need_woman_officer, v_incident.need_first_aid,
               v_incident.may_take_last);
    IF EXISTS (SELECT 1 FROM incident WHERE seeking AND id <> p_incident) THEN
        v_ahead := dispatch_ahead(v_incident);
    END IF;
    IF v_ahead > 0 AND v_ahead >= (
        SELECT count(*) FROM (SELECT 1 FROM team t WHERE t.province = ANY (p_reach) AND t.roster = 'available' AND t.engaged_dispatch IS NULL
                              AND t.id <> ALL ((v_wish).excluded) LIMIT v_ahead + 1) AS bounded)
    THEN
        RETURN jsonb_build_object('yields', true, 'chosen', NULL, 'teams', '[]'::jsonb);
    END IF;
    v_got := dispatch_claim(v_wish, p_may_wait, p_few);
    IF v_got.team IS NOT NULL THEN
        -- A borrowed team is written to by the rest of this transaction.
        PERFORM dispatch_widen(ARRAY[(SELECT province FROM team WHERE id = v_got.team)]);
    END IF;
    SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.distance_m NULLS LAST), '[]') INTO v_teams FROM (
        SELECT t.id, t.code, t.kind, t.force, t.province, t.roster,
               t.engaged_dispatch IS NOT NULL AND t.id IS DISTINCT FROM v_got.team AS engaged,
               ST_Distance(p.position, v_incident.position) AS distance_m, p.fixed_at,
               t.id = ANY (v_got.locked) AS locked, t.id = ANY (v_got.kept) AS kept, t.id IS NOT DISTINCT FROM v_got.team AS chosen,
               NOT ((t.vehicle OR NOT (v_wish).vehicle) AND (t.stops_vehicles OR NOT (v_wish).stops_vehicles)
                    AND (t.woman_officer OR NOT (v_wish).woman_officer) AND (t.first_aid OR NOT (v_wish).first_aid)) AS lacks
        FROM team t LEFT JOIN team_position p ON p.team_id = t.id
        WHERE t.id = ANY (ARRAY(SELECT dispatch_around(v_incident.position, p_reach, p_list)) || v_got.team)
    ) AS x;
    RETURN jsonb_build_object('yields', false, 'chosen', v_got.team, 'teams', v_teams);
END $$;

-- Takes the one team a dispatcher named: {what, team}. NULL when there is no such team in reach.
CREATE FUNCTION dispatch_pick_named(p_incident uuid, p_dispatch uuid, p_team uuid, p_reach smallint[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_here geography;
    v_team team;
    v_what text;
BEGIN
    SELECT position INTO v_here FROM incident WHERE id = p_incident AND provinces && core_scope();
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v_team FROM team WHERE id = p_team AND province = ANY (core_scope() || p_reach) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM dispatch_widen(ARRAY[v_team.province]);
    -- A person chose it, so a pause does not stand in the way; another dispatch does.
    v_what := CASE WHEN v_team.engaged_dispatch IS NOT NULL THEN 'busy' WHEN v_team.roster = 'off_duty' THEN 'off_duty' ELSE 'taken' END;
    IF v_what = 'taken' THEN
        UPDATE team SET engaged_dispatch = p_dispatch WHERE id = p_team;
    END IF;
    RETURN jsonb_build_object('what', v_what, 'team', (
        SELECT jsonb_build_object('id', v_team.id, 'code', v_team.code, 'kind', v_team.kind, 'force', v_team.force,
                                  'province', v_team.province, 'roster', v_team.roster,
                                  'distance_m', ST_Distance(p.position, v_here), 'fixed_at', p.fixed_at)
        FROM (SELECT 1) AS one LEFT JOIN team_position p ON p.team_id = v_team.id));
END $$;

-- Writing ------------------------------------------------------------------------------------------------------------------------------

-- All that one change writes, in one round trip and under the caller's scope: what is not in `p` is as it was. A function, for its statements
-- are then planned once and only those run that have something to do: as one statement of ten arms, starting it cost more than running it.
-- Answers the teams it let go or took, and whose incidents wait for one that was let go.
CREATE FUNCTION dispatch_save(p jsonb)
RETURNS TABLE (id uuid, code text, kind text, force text, province smallint, roster text, engaged_dispatch uuid, waiting uuid[])
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_id uuid := p ->> 'id';
    v_provinces smallint[] := p ->> 'provinces';
    v_now timestamptz := p ->> 'now';
    v_changed record;
    v_freed record;
BEGIN
    -- Row by row, by its key: of a join with the list the planner, who knows nothing of its length, made a walk over every dispatch there was.
    FOR v_changed IN
        SELECT n.*, n.by AS said_by FROM jsonb_to_recordset(p -> 'changed') AS n (
            id uuid, incident_id uuid, state text, acknowledged_at timestamptz, accepted_at timestamptz, en_route_at timestamptz,
            on_scene_at timestamptz, ended_at timestamptz, reason text, by text, lead boolean)
    LOOP
        UPDATE dispatch d
        SET state = v_changed.state, acknowledged_at = v_changed.acknowledged_at, accepted_at = v_changed.accepted_at,
            en_route_at = v_changed.en_route_at, on_scene_at = v_changed.on_scene_at, ended_at = v_changed.ended_at,
            reason = v_changed.reason, by = v_changed.said_by, lead = v_changed.lead, incident_id = v_changed.incident_id
        WHERE d.id = v_changed.id;
    END LOOP;
    IF p ? 'added' THEN
        INSERT INTO dispatch (
            id, incident_id, provinces, team_id, team_code, team_province, state, round, offered_at, offered_by, ack_due_at, accept_due_at,
            acknowledged_at, accepted_at, by, lead, drill, distance_m, eta_s, fix_age_s)
        SELECT n.id, n.incident_id, v_provinces || n.team_province, n.team_id, n.team_code, n.team_province, n.state, n.round,
               n.offered_at, n.offered_by, n.ack_due_at, n.accept_due_at, n.acknowledged_at, n.accepted_at, n.by, n.lead, n.drill,
               n.distance_m, n.eta_s, n.fix_age_s
        FROM jsonb_to_recordset(p -> 'added') AS n (
            id uuid, incident_id uuid, team_id uuid, team_code text, team_province smallint, state text, round smallint, offered_at timestamptz,
            offered_by uuid, ack_due_at timestamptz, accept_due_at timestamptz, acknowledged_at timestamptz, accepted_at timestamptz, by text,
            lead boolean, drill boolean, distance_m real, eta_s int, fix_age_s real);
    END IF;
    IF p ? 'candidates' THEN
        INSERT INTO candidate (incident_id, round, team_id, provinces, team_code, at, distance_m, eta_s, fix_age_s, stale, free, chosen, reason)
        SELECT v_id, (p -> 'incident' ->> 'round')::smallint, n.team_id, v_provinces, n.team_code, v_now, n.distance_m, n.eta_s, n.fix_age_s,
               n.stale, n.free, n.chosen, n.reason
        FROM jsonb_to_recordset(p -> 'candidates') AS n (
            team_id uuid, team_code text, distance_m real, eta_s int, fix_age_s real, stale boolean, free boolean, chosen boolean, reason text)
        ON CONFLICT (incident_id, round, team_id) DO NOTHING;
    END IF;
    IF p ? 'events' THEN
        INSERT INTO incident_event (incident_id, provinces, at, kind, actor_kind, actor_id, actor_name, detail)
        SELECT v_id, v_provinces, v_now, n.kind, n.actor_kind, n.actor_id, n.actor_name, n.detail
        FROM jsonb_to_recordset(p -> 'events') AS n (kind text, actor_kind text, actor_id uuid, actor_name text, detail jsonb);
    END IF;
    IF p ? 'incident' THEN
        UPDATE incident i
        SET state = n.state, provinces = v_provinces, priority = n.priority,
            position = CASE WHEN n.lon IS NOT NULL THEN ST_SetSRID(ST_MakePoint(n.lon, n.lat), 4326)::geography END,
            accuracy_m = n.accuracy_m, fixed_at = n.fixed_at, position_kind = n.position_kind, place_text = n.place_text,
            instruction = n.instruction, automatic = n.automatic, needed_teams = n.needed_teams, owner_id = n.owner_id,
            owner_name = n.owner_name, taken_at = n.taken_at, evaluation = n.evaluation, cancelled = n.cancelled,
            again_at = n.again_at, warned_at = n.warned_at, breached_at = n.breached_at, round = n.round, seeking = n.seeking,
            reach = n.reach, delivered_at = n.delivered_at, outcome = n.outcome, outcome_body = n.outcome_body,
            closed_at = n.closed_at, closed_by = n.closed_by, merged_into = n.merged_into, version = i.version + 1
        FROM jsonb_to_record(p -> 'incident') AS n (
            state text, priority smallint, lon float8, lat float8, accuracy_m real, fixed_at timestamptz,
            position_kind text, place_text text, instruction text, automatic boolean, needed_teams smallint, owner_id uuid, owner_name text,
            taken_at timestamptz, evaluation text, cancelled text, again_at timestamptz, warned_at timestamptz, breached_at timestamptz,
            round smallint, seeking boolean, reach smallint[], delivered_at timestamptz, outcome text, outcome_body text,
            closed_at timestamptz, closed_by uuid, merged_into uuid)
        WHERE i.id = v_id;
    END IF;
    IF p ? 'answer' THEN
        UPDATE request_once SET answer = p -> 'answer' WHERE sender = (p ->> 'sender')::uuid AND client_id = (p ->> 'client_id')::uuid;
    END IF;
    FOR v_freed IN SELECT * FROM jsonb_to_recordset(p -> 'freed') AS n (id uuid, team_id uuid) LOOP
        -- Only while it still names that dispatch: the team may have been claimed anew meanwhile.
        RETURN QUERY
        UPDATE team t SET engaged_dispatch = NULL WHERE t.id = v_freed.team_id AND t.engaged_dispatch = v_freed.id
        RETURNING t.id, t.code, t.kind, t.force, t.province, t.roster, t.engaged_dispatch,
            ARRAY(SELECT w FROM dispatch_waiting_for(ARRAY[t.province], 8) AS w WHERE t.roster = 'available');
    END LOOP;
    IF p ? 'engaged' THEN
        RETURN QUERY
        UPDATE team t SET engaged_dispatch = (p -> 'engaged' ->> 'id')::uuid
        WHERE t.id = (p -> 'engaged' ->> 'team_id')::uuid AND t.engaged_dispatch IS NULL
        RETURNING t.id, t.code, t.kind, t.force, t.province, t.roster, t.engaged_dispatch, '{}'::uuid[];
    END IF;
END $$;

-- Positions ----------------------------------------------------------------------------------------------------------------------------

-- Stores a batch under the caller's scope: the newest fix of each team by one upsert in the order of the keys (so that two batches never
-- deadlock), all of them in the track. An older fix never overwrites a newer one. Answers which teams there are none of, and the
-- provinces of teams that had no position before.
CREATE FUNCTION dispatch_put_positions(
    p_teams uuid[], p_lons float8[], p_lats float8[], p_accuracies real[], p_fixed timestamptz[], p_headings real[], p_speeds real[],
    p_now timestamptz, OUT unknown uuid[], OUT appeared smallint[]
) LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
    IF to_regclass('team_track_' || to_char(p_now AT TIME ZONE 'UTC', 'YYYYMMDD')) IS NULL THEN
        PERFORM dispatch_track_days((p_now AT TIME ZONE 'UTC')::date, (p_now AT TIME ZONE 'UTC')::date);
    END IF;
    WITH batch AS MATERIALIZED (
        SELECT t.id, t.province, ST_SetSRID(ST_MakePoint(b.lon, b.lat), 4326)::geography AS position,
               b.accuracy_m, b.fixed_at, b.heading_deg, b.speed_mps
        FROM unnest(p_teams, p_lons, p_lats, p_accuracies, p_fixed, p_headings, p_speeds)
             AS b (team_id, lon, lat, accuracy_m, fixed_at, heading_deg, speed_mps)
        JOIN team t ON t.id = b.team_id
    ), track AS (
        INSERT INTO team_track (team_id, province, position, accuracy_m, fixed_at, received_at, heading_deg, speed_mps)
        SELECT id, province, position, accuracy_m, fixed_at, p_now, heading_deg, speed_mps FROM batch
    ), put AS (
        INSERT INTO team_position AS p (team_id, province, position, accuracy_m, fixed_at, received_at, skew_s, heading_deg, speed_mps)
        SELECT DISTINCT ON (id) id, province, position, accuracy_m, fixed_at, p_now, extract(epoch FROM p_now - fixed_at), heading_deg, speed_mps
        FROM batch ORDER BY id, fixed_at DESC
        ON CONFLICT (team_id) DO UPDATE
        SET position = excluded.position, province = excluded.province, accuracy_m = excluded.accuracy_m, fixed_at = excluded.fixed_at,
            received_at = excluded.received_at, skew_s = excluded.skew_s, heading_deg = excluded.heading_deg, speed_mps = excluded.speed_mps
        WHERE p.fixed_at < excluded.fixed_at
        RETURNING p.province, p.xmax = 0 AS first
    )
    SELECT (SELECT coalesce(array_agg(DISTINCT x.id), '{}') FROM unnest(p_teams) AS x (id) WHERE x.id NOT IN (SELECT b.id FROM batch b)),
           (SELECT coalesce(array_agg(DISTINCT put.province), '{}') FROM put WHERE put.first)
    INTO unknown, appeared;
END $$;

-- Who may call what: nobody, then the doors --------------------------------------------------------------------------------------------

REVOKE EXECUTE ON FUNCTION
    dispatch_olay_no(smallint, timestamptz), dispatch_track_days(date, date), dispatch_facts(uuid),
    dispatch_widen(smallint[]), dispatch_lock_incident(uuid, boolean, boolean), dispatch_lock_dispatch(uuid, uuid, boolean), dispatch_open_of(uuid, boolean),
    dispatch_lock_offer(bigint, uuid), dispatch_lock_said(uuid, uuid, bytea, timestamptz, uuid, uuid),
    dispatch_raise(jsonb), dispatch_look(uuid, uuid), dispatch_in_hand(uuid), dispatch_waiting_for(smallint[], int),
    dispatch_nearest(float8, float8, int), dispatch_ahead(incident), dispatch_try(uuid, uuid, boolean, boolean),
    dispatch_walk(dispatch_wish, int), dispatch_list(dispatch_wish, dispatch_got), dispatch_claim(dispatch_wish, boolean, int),
    dispatch_around(geography, smallint[], int),
    dispatch_pick(uuid, uuid, smallint[], uuid[], timestamptz, boolean, int, int), dispatch_pick_named(uuid, uuid, uuid, smallint[]),
    dispatch_put_positions(uuid[], float8[], float8[], real[], timestamptz[], real[], real[], timestamptz), dispatch_save(jsonb)
FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
    dispatch_olay_no(smallint, timestamptz), dispatch_facts(uuid), dispatch_widen(smallint[]), dispatch_open_of(uuid, boolean),
    dispatch_ahead(incident), dispatch_try(uuid, uuid, boolean, boolean), dispatch_walk(dispatch_wish, int),
    dispatch_list(dispatch_wish, dispatch_got), dispatch_claim(dispatch_wish, boolean, int), dispatch_around(geography, smallint[], int)
TO merkez_geo;

GRANT EXECUTE ON FUNCTION
    dispatch_lock_incident(uuid, boolean, boolean), dispatch_lock_dispatch(uuid, uuid, boolean),
    dispatch_lock_offer(bigint, uuid), dispatch_lock_said(uuid, uuid, bytea, timestamptz, uuid, uuid),
    dispatch_raise(jsonb), dispatch_look(uuid, uuid), dispatch_in_hand(uuid),
    dispatch_waiting_for(smallint[], int), dispatch_nearest(float8, float8, int),
    dispatch_pick(uuid, uuid, smallint[], uuid[], timestamptz, boolean, int, int), dispatch_pick_named(uuid, uuid, uuid, smallint[]),
    dispatch_put_positions(uuid[], float8[], float8[], real[], timestamptz[], real[], real[], timestamptz), dispatch_track_days(date, date),
    dispatch_save(jsonb)
TO merkez_api, merkez_timers, merkez_sweep;

-- The doors look across provinces on the caller's behalf and check the scope themselves (law 10).
ALTER FUNCTION dispatch_lock_incident(uuid, boolean, boolean) OWNER TO merkez_geo;
ALTER FUNCTION dispatch_lock_dispatch(uuid, uuid, boolean) OWNER TO merkez_geo;
ALTER FUNCTION dispatch_lock_offer(bigint, uuid) OWNER TO merkez_geo;
ALTER FUNCTION dispatch_lock_said(uuid, uuid, bytea, timestamptz, uuid, uuid) OWNER TO merkez_geo;
ALTER FUNCTION dispatch_raise(jsonb) OWNER TO merkez_geo;
ALTER FUNCTION dispatch_look(uuid, uuid) OWNER TO merkez_geo;
ALTER FUNCTION dispatch_in_hand(uuid) OWNER TO merkez_geo;
ALTER FUNCTION dispatch_waiting_for(smallint[], int) OWNER TO merkez_geo;
ALTER FUNCTION dispatch_nearest(float8, float8, int) OWNER TO merkez_geo;
ALTER FUNCTION dispatch_pick(uuid, uuid, smallint[], uuid[], timestamptz, boolean, int, int) OWNER TO merkez_geo;
ALTER FUNCTION dispatch_pick_named(uuid, uuid, uuid, smallint[]) OWNER TO merkez_geo;
