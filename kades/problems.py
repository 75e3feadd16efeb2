"""What the doors of KADES answer when they refuse. A press knows only the first two, and a missing token (law 1)."""

from core.errors import Problem


class NotAPress(Problem):
    """The body is no JSON object, or has no client_id: nothing was recorded."""

    status = 400
    slug = "not-a-press"
    title_tr = "Çağrı okunamadı"
    title_en = "Not a press"
    tr = "Gönderilen gövde client_id içeren bir JSON nesnesi değil; çağrı kaydedilmedi. 112'yi arayın."
    en = "The body is not a JSON object with a client_id; no alert was recorded. Call 112."


class WrongTcNo(Problem):
    """The T.C. number's check digits do not fit."""

    status = 422
    slug = "wrong-tc-no"
    title_tr = "T.C. kimlik numarası geçersiz"
    title_en = "Invalid T.C. number"
    tr = "T.C. kimlik numarası 11 haneli ve geçerli olmalıdır."
    en = "The T.C. identity number must be a valid one of 11 digits."


class WrongPhone(Problem):
    """No telephone number an SMS can reach."""

    status = 422
    slug = "wrong-phone"
    title_tr = "Telefon numarası geçersiz"
    title_en = "Invalid phone number"
    tr = "Telefon numarası okunamadı."
    en = "The phone number could not be read."


class TooManyCodes(Problem):
    """This phone or connection asked for so many codes that another has to wait. A press is never limited."""

    status = 429
    slug = "too-many-codes"
    title_tr = "Çok fazla kod istendi"
    title_en = "Too many codes"
    tr = "Bu telefon veya bağlantı için çok fazla kod istendi; {seconds} saniye sonra yeniden deneyin."
    en = "Too many codes were asked for by this phone or connection; try again in {seconds} seconds."

    def __init__(self, seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(seconds)}, seconds=seconds)


class WrongCode(Problem):
    """Another code than the one sent, or one that has expired or was tried too often: the three look alike on purpose."""

    status = 422
    slug = "wrong-code"
    title_tr = "Kod geçersiz"
    title_en = "Invalid code"
    tr = "Kod yanlış ya da süresi dolmuş; gerekirse yeni bir kod isteyin."
    en = "The code is wrong or has expired; ask for a new one if need be."


class CodesAlike(Problem):
    """The normal and the duress code are the same: the server could not tell them apart."""

    status = 422
    slug = "codes-alike"
    title_tr = "İki kod aynı"
    title_en = "Codes alike"
    tr = "İptal kodu ile zorlama kodu birbirinden farklı olmalıdır."
    en = "The cancel code and the duress code must differ."


class SmsNotSent(Problem):
    """The gateway did not take the message; the same request may be sent again and sends it then."""

    status = 503
    slug = "sms-not-sent"
    title_tr = "SMS gönderilemedi"
    title_en = "SMS not sent"
    tr = "Doğrulama kodu gönderilemedi; aynı istekle yeniden deneyin."
    en = "The code could not be sent; send the same request again."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "2"})


class NoUsablePosition(Problem):
    """None of the points of a trail can be used; nothing was recorded."""

    status = 422
    slug = "no-usable-position"
    title_tr = "Konum kullanılamıyor"
    title_en = "No usable position"
    tr = "Gönderilen konumların hiçbiri kullanılamıyor."
    en = "None of the positions sent can be used."
