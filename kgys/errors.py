"""What may be wrong with what an admin enters."""

from __future__ import annotations

from core.errors import Problem


class OutsideOffice(Problem):
    """The camera stands in no province the caller manages."""

    status = 403
    slug = "outside-office"
    title_tr = "Konum sorumluluk alanı dışında"
    title_en = "Outside your provinces"
    tr = "Kameranın konumu, yönettiğiniz illerin dışında."
    en = "The camera's position lies outside the provinces you manage."


class ViewNotLater(Problem):
    """A new view must begin after the present one: history is appended, never rewritten."""

    status = 409
    slug = "view-not-later"
    title_tr = "Görüş alanı tarihi uygun değil"
    title_en = "View not later"
    tr = "Yeni görüş alanı, şu an geçerli olandan sonra başlamalı ve gelecekte olmamalıdır."
    en = "A new view must begin after the present one and not in the future."


class CameraRetired(Problem):
    """A retired camera is gone for good; a camera put there later is another one."""

    status = 409
    slug = "camera-retired"
    title_tr = "Kamera kaldırılmış"
    title_en = "Camera retired"
    tr = "Bu kamera kaldırılmış; yerine konan kamera yeni kayıttır."
    en = "This camera was retired; one put in its place is a new record."
