"""What a control room on duty must be told before it starts; apart from the server, so that the command that starts one stays light."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.failures import Missing
from kades.sms import sms_for

if TYPE_CHECKING:
    from controlroom.settings import Settings


def check_fit(settings: Settings) -> None:
    """Raise `Missing` where a control room on duty would lose a press or a caller: no SMS gateway, no default province."""
    if settings.house.sms_url is None:
        raise Missing(
            tr="SMS_URL yok: KADES kaydı doğrulama kodu gönderemez. SMS ağ geçidinin adresini ya da bir kuyruk klasörü verin.",
            en="There is no SMS_URL: KADES registration could not send its code. Give the SMS gateway's address, or a spool folder.",
            mend="SMS_URL=https://user:password@sms.example/send DEFAULT_PROVINCE=26 ./merkez up",
        )
    try:
        sms_for(settings.house.sms_url.get_secret_value())
    except ValueError as fault:
        raise Missing(tr=f"SMS_URL kullanılamaz: {fault}", en=f"SMS_URL cannot be used: {fault}") from None
    if settings.house.default_province is None:
        raise Missing(
            tr="DEFAULT_PROVINCE yok: yeri ve kaydı bilinmeyen bir ihbarın hangi ile düşeceği belli olmalı (1-81).",
            en="There is no DEFAULT_PROVINCE: a press of which nothing else is known must ring somewhere (1-81).",
            mend="DEFAULT_PROVINCE=26 ./merkez up",
        )
