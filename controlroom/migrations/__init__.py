"""The schema's history: one SQL file per revision, forward only, frozen once released."""
