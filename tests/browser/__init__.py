"""The pages in Debian's Chromium: against a real server, and against a stand-in that can break the wire."""
