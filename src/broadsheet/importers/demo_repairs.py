"""Repairs for the text of the demo articles.

Their collector read UTF-8 as a Chinese code page and wrote the result back: curly quotes and dashes became `"?` (and
took the following space with them), the pound sign `?`, the euro sign one U+FFFD, accented letters `?` or two of them,
and the no-break space `-`. What the context decides is repaired. What it does not is left: no letter is guessed, except
in a list of names. Menus, share buttons and credits that were scraped with the articles are removed.
"""

import re

_NAMES = """
Áine Aodhán Áras attaché attachés Aurélie Beyoncé Björn Böhmermann Börner Brücke café cafés Caoimhghín Cárdenas célèbre
Ciarán cliché clichés communiqué Condé Dáil doppelgänger Donnabháin Dräger Dudenhöffer Düsseldorf Éamonn Éireann
Español español Fáil Féin fiancée Fründ Fürth gardaí Gardaí Gmünd Göring Göttingen Gréco Grünberg Gülen Gutiérrez
Hasenhüttl Höcke Horstkötter Iarnród Jäger Joaquín Jörg Jülich Jürgen Kaurismäki Köln Körner Kühn Kurfürstendamm
Libération Löfven Löw Máirtín Martín México Micheál Mönchengladbach Müller Muñoz Nóirín Osnabrück Peña Penélope Pumalín
Ramírez Ravensbrück Reichsbürger Riordáin Róisín RTÉ Ruairí Schäuble Schlöndorff Schöneberg Schönefeld Schöpf Schröder
Schütz Schwäbisch Seán Síochána Strejcová Stürmer Süddeutsche Tánaiste Tannhäuser Théo Tomás Trócaire Tübingen
Tübke Uachtaráin Universität Voigtländer Völler Vöpel Wörner Württemberg Würzburg Zürich
""".split()


def _damaged(name: str) -> str:
    """Write a name as the collector did: letters that the Chinese code page lacks became `?`, others two U+FFFD."""
    wrong = (
        char if char.isascii() else "?" if char.encode("gbk", "replace") == b"?" else "\ufffd\ufffd" for char in name
    )
    return "".join(wrong)


_REPAIRED_NAMES = {_damaged(name): name for name in _NAMES}
_DAMAGED_NAME = re.compile(
    rf"(?<![\w\ufffd])(?<![^\"]\?)(?:{'|'.join(map(re.escape, _REPAIRED_NAMES))})(?=s?(?![\w\ufffd]))"
)

_SMALL_WORDS = "[Tt]he|and|of|an?|with|was|were|that|which|this|is|are|said|says|saying|by|will|would|could|but"
# A rule: what a text must hold for the rule to change it ("" for any text), a pattern, and what takes its place.
_CHARACTERS = [
    ("", r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]", ""),
    ("", r"[\s\u00a0]+", " "),
    ("", "[‘’]", "'"),
    ("", "[“”]", '"'),
]
_BEFORE_QUOTES = [
    ("?", r"(?<![\w?\"\ufffd])\?(?=\d)", "£"),
    ("\ufffd", r"(?<![\"\ufffd])\ufffd(?=\d)", "€"),
    ("\ufffd", r"(?<=\bO)\ufffd\ufffd(?=[A-Z])", "'"),
    ("\ufffd", r"(?<![\w\ufffd])\ufffd\ufffd(?=\w)", '"'),
    ('"?0/20', r'"\?0/20\b', '"20/20'),  # the programme that the ABC articles name
    ("\ufffd", r'"\ufffd\?', '"?'),
    # no-break spaces
    ('-"', r"(?<=[a-z])-(?=\")", " "),
    ("-", r"(?:(?<=[a-z)%][.])|(?<=[,;:!?]))([\"']\??)?-+(?=[\w\"'(£€$\[])", r"\1 "),
    ("", r"(?<=[.,;:!?\"])-+(?=\s|$)|[\s-]+$", ""),
    ("-", r"(?<=[a-z])-(will|said|was|is|has|had|are|were|that|who|which|and|the|from)(?= )", r" \1"),
    ("-", rf"(?<![\w-])({_SMALL_WORDS})-(?=[\w\"'£€$])", r"\1 "),
    ("-", r"(?<![\w-])(in|to|on|at|for|from|over|than|new)-(?=[\d£€$\"])", r"\1 "),
    (" - -", r"(?: -){2,}(?= |$)", " "),
    # apostrophes
    ('"', r"(?<=\w)\"\ufffd?(?=(?:t|s|re?|ve|ll|d|m|T|S|RE|VE|LL|D|M)\b)", "'"),
    ('"', r"\b([OD]|[dl])\"\ufffd?(?=[A-Za-z])", r"\1'"),
]
_QUOTE = re.compile(r'"[?\ufffd]?')
_LONGEST_QUOTE = 400
_AFTER_QUOTES = [
    ("\ufffd", r"(?<=[A-Za-z])\ufffd+(?=[a-z])", "\ufffd"),
    ("\ufffd", r"(?<![A-Za-z])\ufffd+\??|\ufffd+\??(?![a-z])", ""),
    (" ", r" +(?=[,.;:!?)](?:\s|$))", ""),
    ("  ", r" +", " "),
]

_AGENCIES = "AFP|AP|dpa|Reuters|SID|epd|KNA|EFE|DPA|rtr|Interfax|Lusa"
_PHOTO_AGENCIES = "China Daily|Getty Images|Xinhua|Reuters|AFP|AP|China News (?:Agency|Service)"
_PROMOTIONS = (
    "How will (?:Donald )?Trump's|Subscribe, choose the community|HuffPost (?:Entertainment|Lifestyle) is"
    "|The Morning Email|Don't be the last to|Step into the world of weird|Read THIS and be|We'r basically"
    "|Sign up for up-to-the-minute|You'r welcome|Start here, with the latest|THE spot for your|Don't miss out"
    "|The Huffington Post's Weird News|We'r spilling the tea"
)
_BOILERPLATE = [
    # of the whole text
    ("/TASS/", r"^[^.()]{0,60}, [A-Z][a-z]+ \d{1,2}\. /TASS/\.? ?", ""),
    ("(CNN)", r"^[^.()]{0,60}\(CNN\) ?", ""),
    ("Do you have information", r" ?Do you have information you want to share with the Huff.*$", ""),
    ("Share this slide:", r" ?Share this slide:.*$", ""),
    ("Learn more", rf"(?:^| )(?:{_PROMOTIONS}).{{0,500}}? Learn more$", ""),
    ("Learn more", r"(?<=[.!?\"'])[^.!?]{0,250}[.!?] Learn more$", ""),
    (
        "",
        r" (?:Please include a contact number if you are willing|You can also contact us in the following ways).*$",
        "",
    ),
    ("getinspired", r" Share this with (?:(?! Share this with ).)*visit bbc\.co\.uk/getinspired$", ""),
    ("Source:", r"Source: ?(?:[A-Z][A-Za-z]+ ?){0,2}(?:and )?(?:[Nn]ews|[Aa]gencies|Al Jazeera)[A-Za-z ]*$", ""),
    (" contributed to this report.", r"(?<=[.!?\"'])(?: –)?[^.!?]{0,160} contributed to this report\.$", ""),
    ("(", rf" (?:\w{{2,4}}(?:/\w{{2,4}})* ?)?\([^()]*\b(?:{_AGENCIES})\b[^()]*\)[ -]*$", ""),
    # of any place
    (
        "Send Facebook",
        r"Send Facebook Twitter Google\+ Whatsapp Tumblr linkedin stumble Digg reddit Newsvine Permalink \S+",
        "",
    ),
    ("Share this with", r"Share this with(?= [A-Z])", ""),
    ("Media playback", r"Media playback is (?:not supported|unsupported) on (?:this|your) device", ""),
    (
        "This content",
        r"This content will not work on your device, please check Javascript.{0,60}? update your browser",
        "",
    ),
    ("", r"(?:Image copyright|Image caption|Media caption)(?: [A-Z]\S+){0,3}", ""),
    ("", r"\b(?:READ MORE|RELATED|Read more)(?::| -) ?(?:[^.!?]|[.!?](?![\"' ])){1,400}(?:[.!?]+[\"']?(?= |$)|$)", ""),
    ("t", r"(?:https?://t\.co/|pic\.twitter\.com/)\w+", ""),
    (
        "The views expressed",
        r"The views expressed in this article are the author's own and do not .{0,60}? editorial policy\.",
        "",
    ),
    ("The views do not", r"The views do not necessarily reflect those of China Daily\.", ""),
    ("Follow us on", r"Follow us on Facebook, on Twitter @BBCNewsEnts.{0,90}?@bbc\.co\.uk\.", ""),
    ("This is a developing story", r"This is a developing story\. Please check back for updates\.", ""),
    ("chinadaily", r"(?:Contact the writers? (?:at|through) )?\S+@\S*chinadaily\S*", ""),
    ("Contact the writer", r"Contact the writers?(?: at| through)?$", ""),
    ("China Daily", r"\( ?China Daily European Weekly [^)]*\)|(?:Photos? )?[Pp]rovided to China Daily", ""),
    (" / ", rf"(?:[A-Z]\S+ ){{1,3}}/ (?:For )?(?:{_PHOTO_AGENCIES})\b", ""),
]


def clean(text: str) -> str:
    """Return a title, a teaser or a text as one line with its characters repaired.

    >>> print(clean('The bill"?which isn"t popular "?costs ?3.3m'))
    The bill – which isn't popular – costs £3.3m
    """
    text = _substitute(text, _CHARACTERS)
    text = _DAMAGED_NAME.sub(lambda match: _REPAIRED_NAMES[match[0]], text)
    text = _quotes(_substitute(text, _BEFORE_QUOTES))
    return _substitute(text, _AFTER_QUOTES).strip()


def clean_body(text: str) -> str:
    """Return the text of an article, repaired as by `clean`, without what is not part of it; may be empty."""
    return _substitute(_substitute(clean(text), _BOILERPLATE), _AFTER_QUOTES).strip()


def _substitute(text: str, rules: list[tuple[str, str, str]]) -> str:
    for needed, pattern, replacement in rules:
        if (
            needed in text
        ):  # most rules touch few articles: to look for a word is a hundred times quicker than a pattern
            text = re.sub(pattern, replacement, text)
    return text


def _quotes(text: str) -> str:
    """Decide of each damaged quote if it closes, is a possessive or a dash: by what is before it, and still open."""
    pieces: list[str] = []
    last, opened = 0, -_LONGEST_QUOTE
    for match in _QUOTE.finditer(text):
        pieces.append(text[last : match.start()])
        last = match.end()
        before = "".join(pieces[-2:])[-1:]
        is_open = match.start() - opened < _LONGEST_QUOTE
        sign = _sign(match[0], before, text[last : last + 1], is_open)
        if '"' in sign:
            starts = before in " ([–" and not sign.endswith(" ")
            opened = match.start() if starts else -_LONGEST_QUOTE
        pieces.append(sign)
    return "".join([*pieces, text[last:]])


def _sign(token: str, before: str, after: str, is_open: bool) -> str:
    """Return what a token stood for; `before` and `after` are the characters around it, "" at the ends of the text."""
    if token == '"' or before == "" or (token == '"\ufffd' and before in " (["):
        return '"'
    if before == " ":
        return "– "
    if not before.isalnum() or is_open:
        return '" ' if after.isalnum() or after in '$£€([@#"' else '"'
    if not after.isalnum():
        return '"'
    return "' " if before == "s" and after.islower() else " – "
