"""Noise: greetings, thanks, goodbyes, laughter, emoji, test messages. Kept and shown, never a reason for a case.

Conservative: a message is noise only if all of its words belong to phrases known here. One word that is not, a name
or a number included, and the message is read for what it says. "Yes" and "no" are answers and therefore not noise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

import emoji

from agent.text import bare

_PHRASES = """
hi | hiya | hello | helo | hey | heya | yo | hi there | howdy | greetings | good morning | good afternoon
good evening
good day | good night | morning | afternoon | evening | gm | dear sir or madam | dear sir | dear madam
to whom it may concern
how are you | how are you doing | how are you today | how are things | how's it going | how is it going
how do you do
what's up | whats up | sup | wassup | is anyone there | anyone there | anybody there | is anybody there
are you there
anyone here | is anyone here | nice to meet you | i hope you are well | i hope you're well | hope you are well
hope you're well | hope all is well | hope you're having a good day | hello support | hi support | hello world
thanks | thank you | thank u | thankyou | thx | thanx | thnx | tnx | tks | ty | tysm | tyvm | many thanks
thanks a lot
thanks a million | thanks a bunch | thanks in advance | thanks again | much appreciated | appreciated | appreciate it
i appreciate it | cheers | ta | for your help | for the help | for helping | for all your help | for your time
for the quick reply | for the quick response | for your reply | for your quick reply | for your response
for the info
for the information | for your patience | for getting back to me | for that | for everything
bye | bye bye | goodbye | good bye | cya | see you | see ya | see you later | see you soon | see you tomorrow | later
ttyl | talk soon | take care | have a good one | have a nice day | have a good day | have a great day
have a lovely day
have a nice weekend | have a good weekend | have a great weekend | have a nice evening | have a good evening
have a good monday | have a good week | have a nice week | happy monday | happy friday | enjoy your weekend
enjoy your day
best regards | kind regards | regards | best wishes | warm regards | all the best | yours sincerely | sincerely
you're welcome | you are welcome | youre welcome | my pleasure | no problem | no worries | no prob | np | nw | you too
same to you | and you | don't mention it | anytime | sorry | sorry about that | oops | whoops
ok | okay | okey | oki | okie | okey dokey | k | kk | alright | all right | got it | i see | gotcha | understood
noted | roger
will do | sounds good | nice | nice one | cool | great | great stuff | awesome | perfect | wonderful | excellent
fantastic | amazing
brilliant | lovely | super | good | very good | well done | good job | great job | yay | woohoo | wow | omg | love it
i love it | you're the best | you guys are the best | you rock | fair enough | never mind | nevermind | nvm
lol | lmao | rofl | xd | hm | hmm | mhm | oh | ah | aha | um | uh | huh | aw | aww | ooh | phew | jk | just kidding
kidding
test | tests | testing | test test | test message | test message please ignore | this is a test | this is just a test
this is a test message | just testing | just a test | only a test | only testing | please ignore | ignore this
please ignore this | please ignore this message | testing testing | testing 1 2 3 | test 1 2 3 | testing 123
test 123
ping | asdf | qwerty | foo | foobar | lorem ipsum
hallo | hallöchen | moin | moin moin | servus | grüezi | grüß gott | gruess gott | guten tag | guten morgen
guten abend
gute nacht | mahlzeit | wie geht's | wie geht es | wie geht es ihnen | wie gehts | danke | danke schön | dankeschön
danke sehr
vielen dank | vielen lieben dank | herzlichen dank | besten dank | tausend dank | danke im voraus | für die hilfe
für ihre hilfe
für deine hilfe | für die schnelle antwort | tschüss | tschüs | tschau | auf wiedersehen | auf wiederhören | bis bald
bis dann
bis später | schönen tag noch | einen schönen tag | schönen abend | schönes wochenende | viele grüße | viele gruesse
liebe grüße
mit freundlichen grüßen | freundliche grüße | beste grüße | mfg | lg | vg | gern geschehen | gerne | kein problem
alles klar
in ordnung | verstanden | klasse | prima | wunderbar | sehr geehrte damen und herren | ist da jemand | nur ein test
bonjour | bonsoir | salut | coucou | bonne nuit | rebonjour | ça va | ca va | comment ça va | comment allez vous
merci
merci beaucoup | merci bien | merci d'avance | mille mercis | un grand merci | pour votre aide | pour votre réponse
au revoir
à bientôt | a bientot | à plus | bonne journée | bonne soirée | bon week end | bon weekend | cordialement
bien cordialement
bien à vous | de rien | je vous en prie | pas de problème | pas de souci | d'accord | daccord | très bien | parfait
génial
mdr | madame monsieur | il y a quelqu'un
hola | buenas | buenos días | buenos dias | buenas tardes | buenas noches | qué tal | que tal | cómo estás | cómo está
gracias
muchas gracias | mil gracias | gracias de antemano | por su ayuda | por tu ayuda | por la ayuda | adiós | adios
hasta luego
hasta pronto | hasta mañana | que tenga un buen día | buen día | buen fin de semana | saludos | un saludo
saludos cordiales
de nada | no hay problema | vale | de acuerdo | entendido | perfecto | genial | estupendo | hay alguien
ciao | buongiorno | buonasera | buon giorno | buona sera | buonanotte | salve | come stai | come va | come sta
grazie | grazie mille
tante grazie | molte grazie | grazie in anticipo | per l'aiuto | per il vostro aiuto | arrivederci | a presto
buona giornata
buona serata | buon weekend | cordiali saluti | distinti saluti | saluti | prego | di niente | nessun problema
va bene | perfetto
ottimo | d'accordo | c'è qualcuno
hoi | goedemorgen | goedemiddag | goedenavond | goedendag | goede morgen | dag | hoe gaat het | hoe gaat het met u
bedankt
dank je | dank u | dank je wel | dank u wel | dankjewel | hartelijk dank | alvast bedankt | heel erg bedankt
voor de hulp
voor uw hulp | voor je hulp | doei | doeg | tot ziens | tot later | tot straks | fijne dag | fijne avond
prettige dag
prettig weekend | fijn weekend | met vriendelijke groet | met vriendelijke groeten | groeten | groetjes | graag gedaan
geen probleem | geen dank | oké | prima | is daar iemand | begrepen
olá | ola | oi | bom dia | boa tarde | boa noite | tudo bem | tudo bom | como vai | obrigado | obrigada
muito obrigado
muito obrigada | obrigado desde já | pela ajuda | tchau | adeus | até logo | até mais | até amanhã | tenha um bom dia
bom fim de semana | atenciosamente | cumprimentos | abraço | sem problema | está bem | tá bom | beleza | ótimo
perfeito | valeu
cześć | dzień dobry | dziękuję | dzięki | do widzenia | hej | hei | hejsan | god morgen | god dag | tack
tack så mycket | takk
tusen takk | mange tak | kiitos | moi | ahoj | dobrý den | děkuji | díky | merhaba | teşekkürler | teşekkür ederim
привет
здравствуйте | добрый день | спасибо | большое спасибо | до свидания | こんにちは
ありがとう | ありがとうございます | 你好 | 您好
谢谢 | 谢谢你 | 안녕하세요 | 감사합니다 | مرحبا | السلام عليكم | شكرا | تحياتي | שלום | תודה
"""
_FILLERS = """
a all and again so very much really too there team everyone everybody folks guys people friend friends mate sir madam
you to your lot indeed dear
und an alle zusammen nochmal sehr et à tous encore y todos e tutti en allemaal
"""
_LONGEST = 500  # characters; nobody greets at such length
_LAUGHTER = re.compile(r"(?:b?(?:ha|ah){2,}h?|(?:h[eiou]){2,}h?|(?:j[aei]){2,}|lo+l(?:ol)*|k{3,}|x+d+|(?:rs){2,})")
_EMOTICON = re.compile(r"(?<!\w)(?:[:;=][-o*']?[)(\]\[dDpP|/\\3oO*]+|<3+|\^[_-]*\^|[oO][._][oO]|-_+-)(?!\w)")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_REPEATED = re.compile(r"(\w)\1{2,}")


@lru_cache(maxsize=2048)
def is_noise(text: str) -> bool:
    """Whether a message says nothing that a case could be about; also true of text without any words."""
    if len(text.strip()) > _LONGEST:
        return False
    words = _words(text)
    return not words or _is_only_phrases(words)


def _words(text: str) -> list[str]:
    plain = _EMOTICON.sub(" ", _without_emoji(bare(text))).casefold().replace("’", "'")
    return [word for word in _WORD.findall(plain) if not _LAUGHTER.fullmatch(word)]


def _without_emoji(text: str) -> str:
    if text.isascii() and text.count(":") < 2:  # noqa: PLR2004 - of ":thumbsup:"
        return text  # the usual case, without reading the library's catalogue of thousands
    return emoji.replace_emoji(emoji.emojize(text, language="alias"), " ")


def _is_only_phrases(words: list[str]) -> bool:
    """Whether phrases cover all the words; fillers may stand between, but make no message by themselves."""
    reached = {0: False}  # position -> whether a phrase has been used on the way there
    for start in range(len(words)):
        if start in reached:
            for end, is_phrase in _steps(words, start):
                reached[end] = reached.get(end, False) or reached[start] or is_phrase
    return reached.get(len(words), False)


def _steps(words: list[str], start: int) -> Iterator[tuple[int, bool]]:
    phrases, longest = _phrases()
    for end in range(start + 1, min(start + longest, len(words)) + 1):
        if any(spelling in phrases for spelling in _spellings(words[start:end])):
            yield end, True
    if words[start] in _fillers():
        yield start + 1, False


def _spellings(words: list[str]) -> Iterator[str]:
    """As written, and with drawn-out letters shortened: "hellooo", "cooool"."""
    phrase = " ".join(words)
    yield phrase
    yield _REPEATED.sub(r"\1", phrase)
    yield _REPEATED.sub(r"\1\1", phrase)


@cache
def _phrases() -> tuple[frozenset[str], int]:
    """The phrases, and how many words the longest has."""
    phrases = frozenset(" ".join(_WORD.findall(phrase.casefold())) for phrase in re.split(r"[|\n]", _PHRASES))
    return phrases - {""}, max(len(phrase.split()) for phrase in phrases)


@cache
def _fillers() -> frozenset[str]:
    return frozenset(_FILLERS.split())
