"""`python -m controlroom`: what `./merkez` hands over to once `.venv` stands."""

from __future__ import annotations

import sys

from controlroom.cli import main

sys.exit(main())
