-- KADES: who registered, who pressed, where she was, what was wrong with what her phone said, and who looked at her address.
-- A row of a person belongs to provinces through the alert's incident; the caller of an alert in another province is seen by that desk too.

CREATE TABLE kades_registration (
    id uuid PRIMARY KEY,
    client_id uuid NOT NULL UNIQUE,
    fingerprint bytea NOT NULL,
    -- Emptied as soon as the code is verified: the caller's row has them then.
    tc_no text,
    phone text,
    name text,
    protected_address text,
    language text NOT NULL,
    safe_channel text NOT NULL,
    province smallint NOT NULL CHECK (province BETWEEN 1 AND 81),
    province_told boolean NOT NULL,
    phone_hash bytea NOT NULL,
    source_hash bytea NOT NULL,
    code_hash bytea,
    code_expires_at timestamptz,
    sent_at timestamptz,
    wrong_codes int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    verified_at timestamptz,
    device_id uuid REFERENCES device (id),
    CHECK ((verified_at IS NULL) = (device_id IS NULL))
);
COMMENT ON COLUMN kades_registration.province_told IS 'False: she named no province and no place, so it is DEFAULT_PROVINCE and rings only where nothing better is known.';
CREATE INDEX kades_registration_phone ON kades_registration (phone_hash, created_at);
CREATE INDEX kades_registration_source ON kades_registration (source_hash, created_at);
CREATE INDEX kades_registration_created ON kades_registration (created_at);

-- The phone is proven by SMS, the T.C. number only by its check digits: the two together are the person, so that somebody who knows
-- another woman's number cannot overwrite her address from his own phone.
CREATE TABLE kades_caller (
    id uuid PRIMARY KEY,
    phone text NOT NULL,
    tc_no text NOT NULL,
    name text,
    language text NOT NULL,
    safe_channel text NOT NULL,
    protected_address text,
    registered_province smallint NOT NULL CHECK (registered_province BETWEEN 1 AND 81),
    province_told boolean NOT NULL,
    registered_at timestamptz NOT NULL,
    verified_at timestamptz NOT NULL,
    UNIQUE (phone, tc_no)
);
CREATE INDEX kades_caller_phone ON kades_caller (phone, verified_at DESC);

-- E12: context and priority, never a gate.
CREATE TABLE kades_protection_order (
    id uuid PRIMARY KEY,
    caller_id uuid NOT NULL REFERENCES kades_caller (id) ON DELETE CASCADE,
    authority text NOT NULL,
    document text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    recorded_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    CHECK (valid_to IS NULL OR valid_to >= valid_from)
);
CREATE INDEX kades_protection_order_caller ON kades_protection_order (caller_id);

CREATE TABLE kades_alert (
    id uuid PRIMARY KEY,
    device_id uuid NOT NULL REFERENCES device (id),
    client_id uuid NOT NULL,
    -- A broken phone may send one client_id for ever; after its incident is closed the next press rings anew under the next turn.
    turn smallint NOT NULL DEFAULT 0,
    caller_id uuid REFERENCES kades_caller (id),
    incident_id uuid NOT NULL REFERENCES incident (id),
    merged_into uuid REFERENCES incident (id),
    -- Where the press is being worked on; incident_id stays what the phone was answered.
    case_id uuid NOT NULL GENERATED ALWAYS AS (coalesce(merged_into, incident_id)) STORED,
    provinces smallint[] NOT NULL CHECK (cardinality(provinces) > 0 AND 1 <= ALL (provinces) AND 81 >= ALL (provinces)),
    trigger text NOT NULL CHECK (trigger IN ('button', 'silent', 'sms')),
    silent boolean NOT NULL,
    pressed_at timestamptz,
    skew_s double precision,
    received_at timestamptz NOT NULL,
    position_kind text NOT NULL CHECK (position_kind IN ('fix', 'last_known', 'none')),
    position geography(Point, 4326),
    accuracy_m double precision,
    fixed_at timestamptz,
    -- As a gateway named the caller; kept here because nobody may be registered under it.
    phone text,
    joined boolean NOT NULL,
    device_revoked boolean NOT NULL,
    duress boolean NOT NULL DEFAULT false,
    cancelled_at timestamptz,
    -- What her phone was last told.
    stage text NOT NULL DEFAULT 'received' CHECK (stage IN ('received', 'team_on_the_way', 'arrived', 'closed')),
    body_digest bytea NOT NULL,
    UNIQUE (device_id, client_id, turn),
    CHECK ((position_kind = 'none') = (position IS NULL)),
    CHECK ((position IS NULL) = (fixed_at IS NULL))
);
CREATE INDEX kades_alert_case ON kades_alert (case_id);
CREATE INDEX kades_alert_caller ON kades_alert (caller_id, received_at) WHERE caller_id IS NOT NULL;
CREATE INDEX kades_alert_device ON kades_alert (device_id, received_at);
CREATE INDEX kades_alert_received ON kades_alert (received_at);

CREATE TABLE kades_position (
    id uuid PRIMARY KEY,
    alert_id uuid NOT NULL REFERENCES kades_alert (id) ON DELETE CASCADE,
    position geography(Point, 4326) NOT NULL,
    accuracy_m double precision,
    fixed_at timestamptz NOT NULL,
    told_at timestamptz,
    skew_s double precision,
    received_at timestamptz NOT NULL
);
COMMENT ON COLUMN kades_position.fixed_at IS 'On our clock; told_at is what the phone said, skew_s how far its clock stood from ours (law 7).';
CREATE INDEX kades_position_alert ON kades_position (alert_id, fixed_at);
CREATE INDEX kades_position_received ON kades_position USING brin (received_at);

CREATE TABLE kades_fault (
    id uuid PRIMARY KEY,
    alert_id uuid NOT NULL REFERENCES kades_alert (id) ON DELETE CASCADE,
    kind text NOT NULL,
    field text NOT NULL,
    said text,
    at timestamptz NOT NULL
);
CREATE INDEX kades_fault_alert ON kades_fault (alert_id);
CREATE INDEX kades_fault_at ON kades_fault USING brin (at);

-- E10: who, when, which verdict. Rows are added, never changed; the newest counts.
CREATE TABLE kades_evaluation (
    id uuid PRIMARY KEY,
    alert_id uuid NOT NULL REFERENCES kades_alert (id) ON DELETE CASCADE,
    verdict text NOT NULL CHECK (verdict IN ('genuine', 'mistaken', 'unclear')),
    note text NOT NULL,
    by_id uuid NOT NULL,
    by_name text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX kades_evaluation_alert ON kades_evaluation (alert_id, at);

CREATE TABLE kades_cancellation (
    id uuid PRIMARY KEY,
    alert_id uuid NOT NULL REFERENCES kades_alert (id) ON DELETE CASCADE,
    client_id uuid NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('normal', 'duress', 'wrong')),
    at timestamptz NOT NULL,
    told_at timestamptz,
    -- The same request again changes nothing; the same id with another code must not swallow that code.
    UNIQUE (alert_id, client_id, outcome)
);
COMMENT ON COLUMN kades_cancellation.told_at IS 'When the desk was told: by a timer, so that her phone is answered alike for every code.';
CREATE INDEX kades_cancellation_alert ON kades_cancellation (alert_id, at);

-- The two codes of a phone, as keyed hashes: the key lies outside the database, since four digits alone can be tried in no time.
CREATE TABLE kades_code (
    device_id uuid PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    cancel_hash bytea NOT NULL,
    duress_hash bytea NOT NULL,
    CHECK (cancel_hash <> duress_hash)
);

CREATE TABLE address_opening (
    id uuid PRIMARY KEY,
    dispatch_id uuid NOT NULL,
    incident_id uuid NOT NULL REFERENCES incident (id),
    caller_id uuid,
    team_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    actor_role text NOT NULL,
    by text NOT NULL CHECK (by IN ('app', 'radio')),
    opened_at timestamptz NOT NULL,
    provinces smallint[] NOT NULL
);
CREATE INDEX address_opening_dispatch ON address_opening (dispatch_id);
CREATE INDEX address_opening_opened ON address_opening (opened_at);

-- Scope (law 10). Details of an alert are seen by whoever sees the alert; they are written in the same statement as the alert, which
-- a policy's own look could not see yet, so an insert is checked by the foreign key alone.
ALTER TABLE kades_alert ENABLE ROW LEVEL SECURITY;
ALTER TABLE kades_alert FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON kades_alert USING (provinces && (SELECT core_scope()));
CREATE POLICY of_owner ON kades_alert TO merkez_owner USING (true) WITH CHECK (true);

ALTER TABLE kades_caller ENABLE ROW LEVEL SECURITY;
ALTER TABLE kades_caller FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON kades_caller USING (
    registered_province = ANY ((SELECT core_scope())::smallint[])
    OR EXISTS (SELECT FROM kades_alert a WHERE a.caller_id = kades_caller.id)
);
CREATE POLICY of_owner ON kades_caller TO merkez_owner USING (true) WITH CHECK (true);

ALTER TABLE kades_protection_order ENABLE ROW LEVEL SECURITY;
ALTER TABLE kades_protection_order FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON kades_protection_order USING (EXISTS (SELECT FROM kades_caller c WHERE c.id = caller_id));
CREATE POLICY of_owner ON kades_protection_order TO merkez_owner USING (true) WITH CHECK (true);

DO $$
DECLARE detail text;
BEGIN
    FOREACH detail IN ARRAY ARRAY['kades_position', 'kades_fault', 'kades_evaluation', 'kades_cancellation'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', detail);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', detail);
        EXECUTE format('CREATE POLICY seen ON %I FOR SELECT USING (EXISTS (SELECT FROM kades_alert a WHERE a.id = alert_id))', detail);
        EXECUTE format('CREATE POLICY gone ON %I FOR DELETE USING (EXISTS (SELECT FROM kades_alert a WHERE a.id = alert_id))', detail);
        EXECUTE format('CREATE POLICY added ON %I FOR INSERT WITH CHECK (true)', detail);
        EXECUTE format('CREATE POLICY of_owner ON %I TO merkez_owner USING (true) WITH CHECK (true)', detail);
    END LOOP;
END $$;

CREATE POLICY told ON kades_cancellation FOR UPDATE USING (EXISTS (SELECT FROM kades_alert a WHERE a.id = alert_id));

ALTER TABLE address_opening ENABLE ROW LEVEL SECURITY;
ALTER TABLE address_opening FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON address_opening FOR SELECT USING (provinces && (SELECT core_scope()));
CREATE POLICY gone ON address_opening FOR DELETE USING (provinces && (SELECT core_scope()));
CREATE POLICY added ON address_opening FOR INSERT WITH CHECK (true);
CREATE POLICY of_owner ON address_opening TO merkez_owner USING (true) WITH CHECK (true);

-- A T.C. number and a protected address can be written by the API, and read only through the functions below, whose callers write the audit.
GRANT SELECT (id, client_id, fingerprint, phone, language, province, province_told, phone_hash, source_hash, code_hash, code_expires_at, sent_at,
    wrong_codes, created_at, verified_at, device_id) ON kades_registration TO merkez_api;
GRANT INSERT ON kades_registration TO merkez_api;
GRANT UPDATE (tc_no, phone, name, protected_address, code_hash, code_expires_at, sent_at, wrong_codes, verified_at, device_id)
    ON kades_registration TO merkez_api;
GRANT SELECT (id, phone, name, language, safe_channel, registered_province, province_told, registered_at, verified_at) ON kades_caller
    TO merkez_api, merkez_timers;
GRANT SELECT, INSERT ON kades_protection_order TO merkez_api;
GRANT SELECT, INSERT ON kades_alert TO merkez_api;
GRANT UPDATE (provinces, duress, cancelled_at, stage, merged_into) ON kades_alert TO merkez_api, merkez_timers;
GRANT SELECT ON kades_alert TO merkez_timers;
GRANT SELECT, INSERT ON kades_position, kades_fault, kades_evaluation, kades_cancellation, address_opening TO merkez_api;
GRANT SELECT, INSERT, UPDATE ON kades_code TO merkez_api;
GRANT SELECT ON kades_position, kades_cancellation TO merkez_timers;
GRANT UPDATE (told_at) ON kades_cancellation TO merkez_timers;
GRANT SELECT, DELETE ON kades_registration, kades_caller, kades_protection_order, kades_alert, kades_position, kades_fault, kades_evaluation,
    kades_cancellation, kades_code, address_opening TO merkez_sweep;
GRANT UPDATE (tc_no, phone, name, protected_address, code_hash) ON kades_registration TO merkez_sweep;
-- Only to lock a row before it is deleted.
GRANT UPDATE (verified_at) ON kades_caller TO merkez_sweep;
GRANT UPDATE (position, position_kind, accuracy_m, fixed_at, phone, caller_id) ON kades_alert TO merkez_sweep;

-- The press's only question. Everybody's presses of one client_id queue on the first lock; each statement of a VOLATILE function takes a new
-- snapshot, so the winner's row is seen by the next. A press may come from anywhere and must not fail for scope: every province is set.
CREATE FUNCTION kades_press_facts(device uuid, client uuid, known_caller uuid, told_phone text, minute_ago timestamptz, today date)
RETURNS TABLE (
    caller_id uuid, registered_province smallint, province_told boolean, protection_order boolean,
    lon double precision, lat double precision, accuracy_m double precision, fixed_at timestamptz,
    recent bigint, alert_id uuid, incident_id uuid, case_id uuid, turn smallint, body_digest bytea,
    phone text
)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    every_province constant text := (SELECT string_agg(code::text, ',') FROM generate_series(1, 81) code);
BEGIN
    PERFORM set_config('merkez.provinces', every_province, true);
    PERFORM pg_advisory_xact_lock(hashtext('kades.press'), hashtext(device::text || client::text));
    SELECT c.id, c.registered_province, c.province_told INTO caller_id, registered_province, province_told
    FROM public.kades_caller c
    WHERE c.id = known_caller OR (known_caller IS NULL AND c.phone = told_phone)
    ORDER BY c.verified_at DESC LIMIT 1;
    IF caller_id IS NOT NULL THEN
        protection_order := EXISTS (
            SELECT FROM public.kades_protection_order o
            WHERE o.caller_id = kades_press_facts.caller_id AND today >= o.valid_from AND (o.valid_to IS NULL OR today <= o.valid_to)
        );
        SELECT st_x(p.position::geometry), st_y(p.position::geometry), p.accuracy_m, p.fixed_at INTO lon, lat, accuracy_m, fixed_at
        FROM public.kades_alert a JOIN public.kades_position p ON p.alert_id = a.id
        WHERE a.caller_id = kades_press_facts.caller_id ORDER BY p.fixed_at DESC LIMIT 1;
    END IF;
    -- A gateway may hand in thousands a minute: more than a hundred are not told apart.
    SELECT count(*) INTO recent
    FROM (SELECT FROM public.kades_alert a WHERE a.device_id = device AND a.received_at > minute_ago LIMIT 100) few;
    SELECT a.id, a.incident_id, a.case_id, a.turn, a.body_digest, a.phone INTO alert_id, incident_id, case_id, turn, body_digest, phone
    FROM public.kades_alert a WHERE a.device_id = device AND a.client_id = client ORDER BY a.turn DESC LIMIT 1;
    RETURN NEXT;
END $$;
REVOKE ALL ON FUNCTION kades_press_facts(uuid, uuid, uuid, text, timestamptz, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kades_press_facts(uuid, uuid, uuid, text, timestamptz, date) TO merkez_api;

-- Makes the caller of a verified registration, or brings her up to date: what she does not repeat stays.
CREATE FUNCTION kades_take_caller(registration uuid, fresh uuid, at timestamptz)
RETURNS TABLE (caller_id uuid, registered_province smallint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO public.kades_caller AS c (id, phone, tc_no, name, language, safe_channel, protected_address, registered_province, province_told,
        registered_at, verified_at)
    SELECT fresh, r.phone, r.tc_no, r.name, r.language, r.safe_channel, r.protected_address, r.province, r.province_told, at, at
    FROM public.kades_registration r WHERE r.id = registration AND r.phone IS NOT NULL AND r.tc_no IS NOT NULL
    ON CONFLICT (phone, tc_no) DO UPDATE SET
        name = coalesce(excluded.name, c.name),
        language = excluded.language,
        safe_channel = excluded.safe_channel,
        protected_address = coalesce(excluded.protected_address, c.protected_address),
        registered_province = CASE WHEN excluded.province_told OR NOT c.province_told THEN excluded.registered_province ELSE c.registered_province END,
        province_told = excluded.province_told OR c.province_told,
        verified_at = excluded.verified_at
    RETURNING c.id, c.registered_province
$$;
REVOKE ALL ON FUNCTION kades_take_caller(uuid, uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kades_take_caller(uuid, uuid, timestamptz) TO merkez_api;

-- The protected address of an incident's caller. kades.address asks only after the dispatch allowed it, and logs the opening in the same
-- transaction; it runs as the owner because a team from a neighbouring province does not see the alert's row.
CREATE FUNCTION kades_address_of(incident uuid)
RETURNS TABLE (caller_id uuid, name text, protected_address text, language text, safe_channel text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.id, c.name, c.protected_address, c.language, c.safe_channel
    FROM public.kades_alert a JOIN public.kades_caller c ON c.id = a.caller_id
    WHERE a.case_id = incident ORDER BY a.received_at DESC LIMIT 1
$$;
REVOKE ALL ON FUNCTION kades_address_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kades_address_of(uuid) TO merkez_api;

CREATE FUNCTION kades_tc_no_of(caller uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT tc_no FROM public.kades_caller WHERE id = caller
$$;
REVOKE ALL ON FUNCTION kades_tc_no_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kades_tc_no_of(uuid) TO merkez_api;

-- Owned by a role that nobody signs in as: what runs with the owner's rights has no more than these tables, whoever migrates.
GRANT SELECT ON kades_registration, kades_alert TO merkez_owner;
GRANT SELECT, INSERT, UPDATE ON kades_caller TO merkez_owner;
ALTER FUNCTION kades_take_caller(uuid, uuid, timestamptz) OWNER TO merkez_owner;
ALTER FUNCTION kades_address_of(uuid) OWNER TO merkez_owner;
ALTER FUNCTION kades_tc_no_of(uuid) OWNER TO merkez_owner;
