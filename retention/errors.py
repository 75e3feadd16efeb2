"""What may be wrong with what is asked of the sweep."""

from __future__ import annotations

from core.errors import Problem


class NotStopped(Problem):
    """The sweep did not stop, or stopped in another run: there is nothing to resume."""

    status = 409
    slug = "sweep-not-stopped"
    title_tr = "Durdurulmuş temizlik yok"
    title_en = "The sweep is not stopped"
    tr = "Bu temizlik durdurulmuş değil; devam ettirilecek bir şey yok."
    en = "This sweep is not stopped; there is nothing to resume."
