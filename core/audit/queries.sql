-- Statements of the audit.

-- name: append
INSERT INTO audit_entry
    (id, at, actor_kind, actor_id, actor_role, session_id, action, subject_kind, subject_id, reason, provinces, detail)
VALUES (%(id)s, %(at)s, %(actor_kind)s, %(actor_id)s, %(actor_role)s, %(session_id)s, %(action)s, %(subject_kind)s, %(subject_id)s,
        %(reason)s, %(provinces)s, %(detail)s)
