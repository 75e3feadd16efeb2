"""What the doors of identity answer when they refuse."""

from __future__ import annotations

from core.errors import Problem


class WrongCredentials(Problem):
    """No such account, another password, or a disabled account: the three look alike on purpose."""

    status = 401
    slug = "wrong-credentials"
    title_tr = "Giriş yapılamadı"
    title_en = "Sign-in failed"
    tr = "Kullanıcı adı veya parola yanlış."
    en = "The user name or the password is wrong."

    def __init__(self) -> None:
        """Carry RFC 6749's own word for it as well."""
        super().__init__(extra={"error": "invalid_grant"})


class RefreshRefused(Problem):
    """The refresh token was never issued, has lapsed, was used before or came from another device."""

    status = 401
    slug = "refresh-refused"
    title_tr = "Oturum yenilenemedi"
    title_en = "Session not renewed"
    tr = "Oturum sona erdi; yeniden giriş yapın."
    en = "The session is over; sign in again."

    def __init__(self) -> None:
        """Carry RFC 6749's own word for it as well."""
        super().__init__(extra={"error": "invalid_grant"})


class TooManyTries(Problem):
    """Too many wrong passwords for this account from this source, or from this source at all; other sources are not touched."""

    status = 429
    slug = "too-many-tries"
    title_tr = "Çok fazla deneme"
    title_en = "Too many tries"
    tr = "Bu bağlantıdan çok fazla yanlış deneme yapıldı; {seconds} saniye sonra yeniden deneyin."
    en = "Too many wrong tries from this connection; try again in {seconds} seconds."

    def __init__(self, seconds: int) -> None:
        """Tell in how many seconds the pair opens again."""
        super().__init__(headers={"Retry-After": str(seconds)}, seconds=seconds)


class TooBusy(Problem):
    """More sign-ins at once than the machine can check; nothing was counted against anybody."""

    status = 429
    slug = "sign-in-busy"
    title_tr = "Giriş yoğun"
    title_en = "Sign-in is busy"
    tr = "Şu anda çok sayıda giriş yapılıyor; birkaç saniye sonra yeniden deneyin."
    en = "Many people are signing in right now; try again in a few seconds."

    def __init__(self) -> None:
        """Ask for another try in two seconds."""
        super().__init__(headers={"Retry-After": "2"})


class OidcRefused(Problem):
    """The organisation did not vouch for the caller, or for somebody without an enabled account here: they look alike on purpose."""

    status = 401
    slug = "oidc-refused"
    title_tr = "Kurumsal hesapla giriş yapılamadı"
    title_en = "Sign-in with your organisation failed"
    tr = "Kurumsal hesapla giriş yapılamadı; yeniden deneyin. Burada açık bir hesabınız yoksa yöneticinize başvurun."
    en = "Signing in with your organisation failed; try again. If you have no enabled account here, ask your admin."

    def __init__(self) -> None:
        """Carry RFC 6749's own word for it as well."""
        super().__init__(extra={"error": "invalid_grant"})


class OidcUnreachable(Problem):
    """The organisation's sign-in service does not answer, or not as agreed; nothing was counted, passwords go on working."""

    status = 503
    slug = "oidc-unreachable"
    title_tr = "Kurumsal giriş yanıt vermiyor"
    title_en = "Your organisation's sign-in does not answer"
    tr = "Kurumsal giriş hizmeti şu anda kullanılamıyor; kullanıcı adı ve parola ile giriş yapabilirsiniz."
    en = "Your organisation's sign-in cannot be used right now; you can sign in with user name and password."

    def __init__(self) -> None:
        """Ask for another try in ten seconds."""
        super().__init__(headers={"Retry-After": "10"})


class UsernameTaken(Problem):
    """Another account has this user name."""

    status = 409
    slug = "username-taken"
    title_tr = "Kullanıcı adı alınmış"
    title_en = "User name taken"
    tr = "Bu kullanıcı adı başka bir hesapta kullanılıyor."
    en = "Another account uses this user name."


class OutsideOffice(Problem):
    """An admin tried to make something for a province that is not their own."""

    status = 403
    slug = "outside-office"
    title_tr = "Yetki bölgesi dışında"
    title_en = "Outside your provinces"
    tr = "Yalnızca kendi illeriniz için hesap ve cihaz açabilirsiniz."
    en = "You may make accounts and devices for your own provinces only."


class NotYourself(Problem):
    """An admin tried to disable the own account: the last one would lock everybody out."""

    status = 409
    slug = "not-yourself"
    title_tr = "Kendi hesabınız"
    title_en = "Your own account"
    tr = "Kendi hesabınızı kapatamazsınız; bunu başka bir yönetici yapmalıdır."
    en = "You cannot disable your own account; another admin must."
