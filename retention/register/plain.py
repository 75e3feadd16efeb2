"""Columns that tell nothing about a person by themselves.

Ids (of accounts, callers, incidents, devices) point at rows whose personal columns stand in the register; with those gone an id names
nobody. Hashes of whole requests cannot be read back.
"""

from __future__ import annotations

from typing import Final

PLAIN: Final[dict[str, str]] = {
    "access_token": "session_id expires_at",
    "account": "id role provinces team_id created_at created_by disabled_at",
    "address_opening": "id dispatch_id incident_id team_id actor_role by opened_at provinces",
    "alarm": "id provinces incident_id kind raised_at times drill acked_at acked_by ended_at",
    "alembic_version": "version_num",
    "audit_entry": "id at actor_kind actor_role action subject_kind subject_id provinces",
    "audit_head": "n hash at key_id signature",
    "audit_pending": "entry_id",
    "audit_seal": "n entry_id hash",
    "camera": "id name province owner state state_at created_at",
    "camera_sector": "id camera_id province position bearing_deg fov_deg range_m sector valid_from valid_to",
    "candidate": "incident_id round team_id provinces team_code at distance_m eta_s fix_age_s stale free chosen reason",
    "data_period": "table_name column_name what why period seen_by rule",
    "deletion_run": "id sweep_id rule over_before started_at last_at finished_at batches gone",
    "device": "id kind name provinces subject_id token_hash nonce issued_at issued_by revoked_at",
    "dispatch": (
        "id incident_id provinces team_id team_code team_province state round offered_at offered_by ack_due_at "
        "accept_due_at acknowledged_at accepted_at en_route_at on_scene_at ended_at reason by lead drill distance_m "
        "eta_s fix_age_s"
    ),
    "district": "id province name geom",
    "event_log": "seq type at channels subject_id",
    "follower": "name seq",
    "follower_fault": "name seq at error",
    "gate": "id name province position bearing_deg created_at heard_at",
    "hotlist_entry": "id province category valid_from valid_to recorded_at recorded_by ended_at ended_by",
    "incident": (
        "id olay_no home provinces source source_id kind priority state position_kind instruction silent drill "
        "automatic may_take_last without_team need_vehicle need_stops_vehicles need_woman_officer need_first_aid "
        "needed_teams received_at opened_by owner_id taken_at evaluation cancelled further again_at round "
        "seeking reach due_warn_at due_breach_at warned_at breached_at delivered_at outcome outcome_body closed_at "
        "closed_by merged_into version"
    ),
    "incident_caller": "incident_id provinces received_at",
    "incident_event": "id incident_id provinces at kind actor_kind",
    "job_run": "name started_at",
    "kades_alert": (
        "id device_id client_id turn incident_id merged_into case_id provinces trigger silent pressed_at skew_s "
        "received_at position_kind joined device_revoked duress cancelled_at stage body_digest"
    ),
    "kades_caller": "id registered_province province_told registered_at verified_at",
    "kades_cancellation": "id alert_id client_id at told_at",
    "kades_code": "device_id",
    "kades_evaluation": "id alert_id verdict at",
    "kades_fault": "id alert_id kind field at",
    "kades_position": "id alert_id skew_s received_at",
    "kades_protection_order": "id caller_id recorded_by recorded_at",
    "kades_registration": ("id client_id province province_told code_expires_at sent_at wrong_codes created_at verified_at device_id"),
    "login_failure": "failures last_at",
    "meta": "key value",
    "outbox": "id type at channels subject_id",
    "province": "code name neighbours geom",
    "pts_hit": (
        "id province gate_id client_id incident_id confidence char_confidence turkish category rank received_at skew_ms "
        "late reads verdict verdict_at verdict_by outcome outcome_at outcome_by"
    ),
    "pts_hit_entry": "hit_id entry_id province category recorded_at valid_from valid_to",
    "pts_image": "gate_id client_id province received_at hit_id",
    "pts_read": "gate_id client_id received_at province confidence char_confidence grammar skew_ms late",
    "refresh_token": "session_id expires_at used_at",
    "relay_head": "one log seq",
    "request_once": "sender client_id fingerprint at",
    "session": "id account_id started_at expires_at ended_at end_reason",
    "sweep_mark": "id looked_at stopped_sweep stopped_at stopped_why resumed_by resumed_at",
    "team": (
        "id code kind force province district roster roster_at vehicle stops_vehicles woman_officer first_aid engaged_dispatch created_at"
    ),
    "team_position": "team_id province received_at skew_s",
    "team_track": "team_id province received_at",
    "timer": "kind subject_id due_at data attempts last_error",
}

#: Plain columns whose name would make anybody ask, and the answer.
REVIEWED: Final[dict[str, str]] = {
    "audit_head.hash": "end of the chain",
    "audit_seal.hash": "link of the chain",
    "camera.name": "equipment: a place, never its owner",
    "camera_sector.position": "equipment",
    "camera_sector.sector": "equipment",
    "candidate.reason": "one of the rules' words",
    "candidate.team_code": "a unit, not a person",
    "data_period.column_name": "this register",
    "data_period.table_name": "this register",
    "device.name": "equipment; a caller's phone is only called KADES",
    "device.nonce": "random; emptied after a day by identity.prune",
    "device.token_hash": "hash of random bytes",
    "dispatch.reason": "one of the rules' words",
    "dispatch.team_code": "a unit, not a person",
    "district.geom": "public map",
    "district.name": "public map",
    "event_log.channels": "ids and province codes",
    "follower.name": "a part of the program",
    "follower_fault.error": "the kind of fault, never its text",
    "follower_fault.name": "a part of the program",
    "gate.name": "equipment: a road",
    "gate.position": "equipment",
    "incident.position_kind": "fix, last known or none",
    "job_run.name": "a part of the program",
    "kades_alert.position_kind": "fix, last known or none",
    "meta.value": "facts of the database itself",
    "outbox.channels": "ids and province codes",
    "province.code": "public map",
    "province.geom": "public map",
    "province.name": "public map",
    "session.end_reason": "one of the rules' words",
    "team.code": "a unit, not a person",
    "timer.data": "ids and counts; a wait is deleted when it has come due",
    "timer.last_error": "the kind of fault, never its text",
}
