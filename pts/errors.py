"""What may be wrong with what gates and supervisors send. The words carry no plate: an error may be logged."""

from __future__ import annotations

from core.errors import Problem


class BadRead(Problem):
    """One read of a batch does not have the form of a read; the others are stored."""

    status = 422
    slug = "bad-read"
    title_tr = "Okuma geçersiz"
    title_en = "Invalid read"
    tr = "Okuma beklenen biçimde değil; kaydedilmedi."
    en = "The read does not have the expected form; it was not stored."


class NoPlate(BadRead):
    """The text has no character of a plate, or far too many."""

    slug = "no-plate"
    tr = "Metinde en çok {most} karakterlik bir plaka yok; okuma kaydedilmedi."
    en = "The text holds no plate of at most {most} characters; the read was not stored."


class ReadChanged(BadRead):
    """The same client_id came before with another plate or time."""

    status = 409
    slug = "client-id-reused"
    title_tr = "client_id başka bir okumada kullanıldı"
    title_en = "client_id was used for another read"
    tr = "Aynı client_id daha önce başka bir okumayla geldi; hiçbir şey değiştirilmedi."
    en = "The same client_id came before with another read; nothing was changed."


class BadPicture(BadRead):
    """The picture is no JPEG or too large; the read itself is stored."""

    slug = "bad-picture"
    title_tr = "Resim geçersiz"
    title_en = "Invalid picture"
    tr = "Resim en çok {most} baytlık bir JPEG olmalı (base64); okuma resimsiz kaydedildi."
    en = "The picture must be a JPEG of at most {most} bytes (base64); the read was stored without it."


class TooManyReads(Problem):
    """More reads than a batch may hold; nothing was stored."""

    status = 413
    slug = "too-many-reads"
    title_tr = "Okuma sayısı fazla"
    title_en = "Too many reads"
    tr = "Bir gönderimde en çok {most} okuma olabilir; hiçbiri kaydedilmedi, bölerek gönderin."
    en = "A batch may hold at most {most} reads; none was stored, send them in parts."


class BadPlate(Problem):
    """A plate to be listed must be readable in full."""

    status = 422
    slug = "bad-plate"
    title_tr = "Plaka geçersiz"
    title_en = "Invalid plate"
    tr = "Plaka 2–12 harf ve rakamdan oluşmalı, okunmayan karakter içermemelidir."
    en = "A plate must have 2–12 letters and digits, all of them readable."


class ProtectionOrderDocument(Problem):
    """A plate may not be listed on the ground of a protection order (Law 6284, article 12)."""

    status = 422
    slug = "protection-order-document"
    title_tr = "Koruma kararıyla plaka listelenemez"
    title_en = "No listing on a protection order"
    tr = "6284 sayılı Kanuna göre verilmiş bir karar plaka listesine dayanak olamaz: teknik takip ayrı bir hâkim kararı ister (m. 12)."
    en = "A protection order (Law 6284) is no ground for listing a plate: technical tracking needs a judge's own decision (art. 12)."


class BadValidity(Problem):
    """An entry must end after it begins, and not in the past."""

    status = 422
    slug = "bad-validity"
    title_tr = "Geçerlilik süresi hatalı"
    title_en = "Invalid validity"
    tr = "Geçerlilik sonu (valid_to) başlangıcından ve şu andan sonra, 2200'den önce olmalıdır; süresiz kayıtta boş bırakın."
    en = "The end of validity (valid_to) must lie after its beginning and after now, before 2200; leave it out for no end."


class WhichProvince(Problem):
    """The caller belongs to several provinces and named none."""

    status = 422
    slug = "which-province"
    title_tr = "İl belirtilmeli"
    title_en = "Name a province"
    tr = "Birden fazla iliniz var; kaydın ilini (province) belirtin."
    en = "You have several provinces; name the record's."


class EntryEnded(Problem):
    """The entry was ended before."""

    status = 409
    slug = "entry-ended"
    title_tr = "Kayıt daha önce sonlandırılmış"
    title_en = "Entry already ended"
    tr = "Bu liste kaydı daha önce sonlandırıldı."
    en = "This list entry was ended before."


class HitConcluded(Problem):
    """The hit has its outcome; nothing about it changes any more."""

    status = 409
    slug = "hit-concluded"
    title_tr = "İsabet sonuçlanmış"
    title_en = "Hit already concluded"
    tr = "Bu isabetin sonucu daha önce girildi."
    en = "The outcome of this hit was entered before."


class NoLongerListed(Problem):
    """A hit can't be confirmed once every entry that matched has ended: nobody may be stopped on it."""

    status = 409
    slug = "no-longer-listed"
    title_tr = "Plaka artık listede değil"
    title_en = "No longer listed"
    tr = "Eşleşen liste kayıtlarının hepsi sona ermiş; isabet doğrulanamaz, “not_active” olarak kapatın."
    en = "Every entry that matched has ended; the hit cannot be confirmed, close it as not_active."


class NotCompared(Problem):
    """An outcome needs a verdict first: nobody was told to stop the vehicle yet."""

    status = 409
    slug = "not-compared"
    title_tr = "Önce karşılaştırma gerekir"
    title_en = "Compare first"
    tr = "Sonuç girilmeden önce isabet görüntüyle karşılaştırılmalıdır (verdict)."
    en = "Before an outcome the hit must have been compared with the picture (verdict)."


class OutcomeIsVerdict(Problem):
    """`misread` and `not_active` are outcomes of a verdict, not of a stop."""

    status = 422
    slug = "outcome-is-verdict"
    title_tr = "Bu sonuç karşılaştırmayla girilir"
    title_en = "That outcome comes from the verdict"
    tr = "“misread” ve “not_active” sonuçları karşılaştırma (verdict) ile girilir."
    en = "The outcomes misread and not_active are entered by the verdict."
