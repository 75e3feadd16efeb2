"""What may be wrong with a position. The words carry no coordinates: an error may be logged, a person's whereabouts may not."""

from core.errors import Problem


class BadPosition(Problem):
    """The position cannot be used."""

    status = 422
    slug = "bad-position"
    title_tr = "Konum geçersiz"
    title_en = "Invalid position"
    tr = "Konum kullanılamıyor."
    en = "The position cannot be used."


class PositionNotFinite(BadPosition):
    """A coordinate is NaN or infinite."""

    slug = "position-not-finite"
    tr = "Konumun boylamı veya enlemi bir sayı değil (NaN ya da sonsuz)."
    en = "The position's longitude or latitude is not a number (NaN or infinite)."


class PositionOutOfRange(BadPosition):
    """A longitude beyond 180 or a latitude beyond 90 degrees exists nowhere on earth."""

    slug = "position-out-of-range"
    tr = "Konum yeryüzünde değil: boylam −180 ile 180, enlem −90 ile 90 derece arasında olmalıdır."
    en = "The position is not on earth: longitude must be within ±180 and latitude within ±90 degrees."


class PositionOutsideArea(BadPosition):
    """The position lies outside the area this site serves."""

    slug = "position-outside-area"
    tr = "Konum, hizmet verilen bölgenin ({area}) dışında."
    en = "The position lies outside the area served ({area})."


class PositionLooksSwapped(PositionOutsideArea):
    """Outside the area, but inside it when longitude and latitude change places."""

    slug = "position-looks-swapped"
    tr = "Konum, hizmet verilen bölgenin ({area}) dışında; boylam ile enlem yer değiştirmiş görünüyor."
    en = "The position lies outside the area served ({area}); longitude and latitude look swapped."


class BadAccuracy(BadPosition):
    """The accuracy of a position is not a length in metres."""

    slug = "bad-accuracy"
    tr = "Konum doğruluğu (accuracy_m) sıfır veya daha büyük, metre cinsinden bir sayı olmalıdır."
    en = "The position's accuracy (accuracy_m) must be a number of metres, zero or more."


class BadFixTime(BadPosition):
    """The time of a position has no zone or cannot be read."""

    slug = "bad-fix-time"
    tr = "Konumun zamanı (fixed_at) saat dilimiyle birlikte bir RFC 3339 zamanı olmalıdır."
    en = "The position's time (fixed_at) must be an RFC 3339 time with an offset."
