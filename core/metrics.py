"""What `/metrics` tells (Prometheus text form); labels never hold personal data."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("merkez_http_requests_total", "HTTP requests answered", ["route", "method", "status"])
REQUEST_SECONDS = Histogram(
    "merkez_http_request_seconds", "Time to the answer", ["route"], buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
)
SOCKETS = Gauge("merkez_sockets", "Open sockets", ["door"])
SOCKETS_CUT = Counter("merkez_sockets_cut_total", "Sockets we closed", ["why"])
FRAMES = Counter("merkez_frames_total", "Frames queued to sockets")
RELAYED = Counter("merkez_relayed_total", "Events numbered by this process")
RELAY_LAG = Histogram(
    "merkez_relay_lag_seconds", "From the event's own time to its number", buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
)
RELAYING = Gauge("merkez_relaying", "1 while this process is the relay")
TIMER_FAILURES = Counter("merkez_timer_failures_total", "Timer handlers that failed and will be tried again", ["kind"])
FOLLOWER_FAULTS = Counter("merkez_follower_faults_total", "Events a follower could not handle", ["name"])
JOB_FAILURES = Counter("merkez_job_failures_total", "Periodic jobs that failed", ["name"])
