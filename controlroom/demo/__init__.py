"""The simulated Eskişehir of `./merkez demo`: everybody is a real client of the real server, and nothing of it reaches duty (law 13)."""
