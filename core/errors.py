"""Errors a caller may see: RFC 9457 problem+json in Turkish and English (law 12).

A room subclasses `Problem`, sets `status`, `slug`, `tr` and `en`; the two texts are `str.format` templates filled from the keywords
the error was raised with. The English docstring says when it happens.
"""

from __future__ import annotations

from typing import ClassVar, Literal, LiteralString

Lang = Literal["tr", "en"]

#: What a problem may tell beside its text; values must be JSON.
Extra = dict[str, object]


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem, and so do the contract and the pages
    """Something the caller must know and can act upon."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title_tr: ClassVar[str] = "Beklenmeyen bir hata oldu"
    title_en: ClassVar[str] = "Something went wrong"
    tr: ClassVar[LiteralString] = "İstek tamamlanamadı; olay kaydı tutuldu."
    en: ClassVar[LiteralString] = "The request could not be completed; it has been logged."

    def __init__(self, *, extra: Extra | None = None, headers: dict[str, str] | None = None, **fields: object) -> None:
        """Keep the template's `fields`, what the body carries beside it, and response headers."""
        super().__init__(self.en.format(**fields) if fields else self.en)
        self.fields = fields
        self.extra: Extra = extra or {}
        self.headers = headers or {}

    def body(self, lang: Lang) -> dict[str, object]:
        """Return the RFC 9457 object in one language."""
        template = self.tr if lang == "tr" else self.en
        return {
            "type": f"urn:merkez:problem:{self.slug}",
            "slug": self.slug,
            "title": self.title_tr if lang == "tr" else self.title_en,
            "status": self.status,
            "detail": template.format(**self.fields) if self.fields else template,
            **self.extra,
        }


class NotSignedIn(Problem):
    """No token, or one that was never issued, has lapsed or was revoked."""

    status = 401
    slug = "not-signed-in"
    title_tr = "Oturum yok"
    title_en = "Not signed in"
    tr = "Geçerli bir erişim anahtarı gönderilmedi; yeniden oturum açın."
    en = "No valid access token was sent; sign in again."

    def __init__(self) -> None:
        """Carry the challenge that RFC 6750 asks for."""
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class NotAllowed(Problem):
    """The caller is known, and this is not theirs to do."""

    status = 403
    slug = "not-allowed"
    title_tr = "Yetki yok"
    title_en = "Not allowed"
    tr = "Bu işlem rolünüze açık değildir."
    en = "Your role may not do this."


class NotFound(Problem):
    """No such thing, or none within the caller's provinces: the two look alike on purpose (law 10)."""

    status = 404
    slug = "not-found"
    title_tr = "Bulunamadı"
    title_en = "Not found"
    tr = "Böyle bir kayıt yok."
    en = "There is no such record."


class WrongBody(Problem):
    """The body does not have the form the route takes."""

    status = 422
    slug = "wrong-body"
    title_tr = "Gövde geçersiz"
    title_en = "Invalid body"
    tr = "Gönderilen gövde beklenen biçimde değil."
    en = "The body does not have the expected form."


class TooLarge(Problem):
    """The body is larger than the route takes."""

    status = 413
    slug = "too-large"
    title_tr = "Gövde çok büyük"
    title_en = "Body too large"
    tr = "Gövde en çok {limit} bayt olabilir."
    en = "The body may have at most {limit} bytes."


class AnotherBody(Problem):
    """The same client_id came before with another body (law 3)."""

    status = 409
    slug = "client-id-reused"
    title_tr = "client_id başka bir istekte kullanıldı"
    title_en = "client_id was used for another request"
    tr = "Aynı client_id daha önce başka bir gövdeyle geldi; hiçbir şey değiştirilmedi."
    en = "The same client_id came before with another body; nothing was changed."


class NotReady(Problem):
    """The database cannot be reached or refused the commit; nothing was recorded."""

    status = 503
    slug = "not-ready"
    title_tr = "Sistem şu anda yanıt veremiyor"
    title_en = "Not ready"
    tr = "Kayıt yapılamadı. Aynı client_id ile yeniden deneyin; acil durumda 112'yi arayın."
    en = "Nothing was recorded. Try again with the same client_id; in an emergency call 112."

    def __init__(self) -> None:
        """Ask for another try in a second."""
        super().__init__(headers={"Retry-After": "1"})
