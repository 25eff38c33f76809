"""How mail programs introduce what they quote, in the languages they speak. Data, matched in `replies`."""

# ruff: noqa: RUF001 - letters of other alphabets are what this file is about
# ruff: noqa: SIM905 - lists of a hundred words read best as words
from __future__ import annotations

# "... wrote:", at the end of the line that introduces a quote, or with the date behind it.
WROTE = (
    "wrote writes schrieb skrev schreef skrifaði kirjoitti kirjutas escribió escreveu écrit scritto"
    " geschreven napisał napisał(a) napisała napsal napsal(a) napsala napísal napísal(a) írta napisao napisala je"
    " pisze написал написал(а) написала пишет писал писал(а) написав написав(ла) пише написа"
    " έγραψε yazdı şunu rašė rakstīja scris escrit viết menulis sumulat כתב/ה כתב كتب نوشت เขียนว่า 写道 寫道 写到"
    " のメッセージ 書きました 작성"
).split()

# The words that such a line begins with; "el" and "il" are articles, so a digit has to follow.
BEGINS = (
    "on at le am el il em op den dnia w vào på pada a în dne dňa dana tirsdag ons tor fre lør søn"
    " monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun"
    " montag dienstag mittwoch donnerstag freitag samstag sonntag mo di mi do fr sa so"
    " lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo"
    " lunedì martedì mercoledì giovedì venerdì sabato domenica"
    " понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс в"
    " понеділок вівторок середа четвер пятниця субота неділя στις 在 于 於 ב־ ב بتاريخ في"
).split()

FROM = (
    "from von de da van fra från od от від lähettäjä kimden gönderen feladó expéditeur"
    " 发件人 寄件者 差出人 보낸사람 من מאת"
)
SENT = (
    "sent date gesendet datum envoyé enviado inviato data verzonden sendt dato skickat wysłano дата отправлено"
    " надіслано lähetetty päivämäärä tarih gönderildi elküldve fecha odesláno odoslané trimis fecha"
    " 发送时间 日期 已傳送 送信日時 日時 보낸날짜 날짜 تاريخ נשלח"
)
TO = (
    "to an à para a aan til till do кому kime vastaanottaja címzett komu către"
    " 收件人 宛先 받는사람 إلى אל reply-to cc kopie"
)
SUBJECT = (
    "subject betreff objet asunto assunto oggetto onderwerp emne ämne temat тема aihe konu tárgy předmět predmet"
    " subiect 主题 主旨 件名 제목 الموضوع נושא"
)

# Between dashes, or after "Begin" in Apple Mail.
ORIGINAL = (
    "original message|original email|reply message|reply|ursprüngliche nachricht|originalnachricht|antwort"
    "|message d'origine|message original|mensaje original|mensagem original|messaggio originale"
    "|oorspronkelijk bericht|originele bericht|oprindelig meddelelse|opprinnelig melding|ursprungligt meddelande"
    "|oryginalna wiadomość|wiadomość oryginalna|исходное сообщение|исходное письмо|оригинальное сообщение"
    "|alkuperäinen viesti|özgün ileti|orijinal mesaj|eredeti üzenet|původní zpráva|pôvodná správa|mesaj original"
    "|原始邮件|原始郵件|元のメッセージ|원본 메시지|original appointment"
).split("|")
FORWARDED = (
    "forwarded message|forwarded by|begin forwarded message|weitergeleitete nachricht|weitergeleitete mail"
    "|anfang der weitergeleiteten nachricht|message transféré|message transferé|début du message transféré"
    "|début du message réexpédié|mensaje reenviado|inicio del mensaje reenviado"
    "|mensagem encaminhada"
    "|mensagem reencaminhada"
    "|início da mensagem reencaminhada|messaggio inoltrato|inizio messaggio inoltrato|doorgestuurd bericht"
    "|begin doorgestuurd bericht|videresendt meddelelse|videresendt melding|vidarebefordrat meddelande"
    "|wiadomość przekazana dalej|przekazana wiadomość|пересылаемое сообщение|пересланное сообщение"
    "|начало переадресованного сообщения|välitetty viesti|edelleenlähetetty viesti|iletilen mesaj|iletilmiş mesaj"
    "|továbbított üzenet|přeposlaná zpráva|preposlaná správa|mesaj redirecționat|переслане повідомлення"
    "|转发邮件|轉寄郵件|转发的邮件|転送されたメッセージ|전달된 메시지"
).split("|")
FORWARD_PREFIXES = (
    "fw",
    "fwd",
    "wg",
    "tr",
    "rv",
    "enc",
    "vs",
    "vb",
    "doorst",
    "pd",
    "vl",
    "ilt",
    "fyi",
    "转发",
    "轉寄",
)

# The line that a telephone or a program adds by itself.
DEVICE = (
    r"(?:sent|posted) (?:from|via|with) (?:my |the )?\S.{0,60}|get outlook for \S.{0,60}"
    r"|(?:diese nachricht wurde )?(?:von meinem|mit meinem) .{1,60} gesendet.{0,20}"
    r"|(?:gesendet|gesandt) (?:von|mit) .{1,60}"
    r"|envoyé (?:de|depuis|avec) .{1,60}|enviado (?:desde|do|de|com|con) .{1,60}|inviato (?:da|con) .{1,60}"
    r"|verzonden (?:vanaf|vanuit|via|met) .{1,60}|verstuurd vanaf .{1,60}|sendt fra .{1,60}|skickat från .{1,60}"
    r"|wysłane z .{1,60}|отправлено (?:с|из) .{1,60}|надіслано з .{1,60}|lähetetty .{1,60}(?:sta|stä|ltä|lta)"
    r"|odesláno z .{1,60}|iphone'umdan gönderildi|.{1,40} cihazımdan gönderildi|从我的.{1,20}发送|发自我的.{1,20}"
    r"|iphoneから送信|나의 .{1,20}에서 보냄"
)
