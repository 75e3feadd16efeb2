"""Commands that the contract names and whose rooms come with later issues: each answers 4 in one clear line."""

from __future__ import annotations

from typing import NoReturn

import click

from controlroom.failures import NotInThisBuild

ANY_WORDS = {"ignore_unknown_options": True, "allow_extra_args": True}


@click.command(context_settings=ANY_WORDS)
def sweep() -> NoReturn:
    """Süresi dolan görüntüyü siler / delete footage whose time is over (not in this build)."""
    raise NotInThisBuild(
        tr="`sweep` bu sürümde yok: görüntü deposu henüz kurulmadı, silinecek görüntü de yok.",
        en="`sweep` is not in this build: there is no footage store yet, and so no footage to delete.",
    )


@click.command(context_settings=ANY_WORDS)
def footage() -> NoReturn:
    """Görüntü deposunu denetler / verify the footage store (not in this build)."""
    raise NotInThisBuild(
        tr="`footage` bu sürümde yok: görüntü deposu henüz kurulmadı.",
        en="`footage` is not in this build: there is no footage store yet.",
    )


@click.command(context_settings=ANY_WORDS)
def read() -> NoReturn:
    """Görüntüden plaka okur / read plates from pictures (not in this build)."""
    raise NotInThisBuild(
        tr="`read` bu sürümde yok: plaka okuyucu henüz kurulmadı; kapılar okumalarını kendileri gönderir.",
        en="`read` is not in this build: there is no plate reader yet; gates send their own reads.",
    )
