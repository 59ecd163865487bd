"""The labels of a page, by language."""

from collections.abc import Mapping
from datetime import datetime
from string import Formatter

from broadsheet.errors import ConfigError

_EN = {
    "why": "Why:",
    "publisher_headline": "Publisher’s headline:",
    "rank": "Rank",
    "score": "Score",
    "unknown": "unknown",
    "refused": "Refused on the way:",
    "for": "For {reader}",
    "for_new": "For a new reader",
    "in_answer": "In answer to “{request}”",
    "in_answer_for": "In answer to “{request}”, for {reader}",
    "story": "{count} story",
    "stories": "{count} stories",
    "follows": "You follow: {interests}",
    "no_stories": "There are no stories to show now. Please come back later.",
    "note_profile": "You have read nothing here yet: this page follows what you told us of your interests.",
    "note_new": "We know nothing of your interests yet: this page is new and much read. It becomes yours with use.",
    "note_request": "This page follows your request, not your reading alone.",
    "footer": "Chosen and written for one reader; each headline leads to its publisher.",
    "letter_stop": "Stop these letters",
    "edition": "Edition {edition}.",
    "headline": "headline",
    "summary": "summary",
    "and": "and",
    "by_gpt": "written by GPT",
    "by_t5": "written by T5",
    "by_endpoint": "written by a language model",
    "by_own": "written by this site’s own writer",
    "by_extract": "taken from the article",
    "by_original": "in the publisher’s words",
    "by_editor": "in the editor’s words",
    "sponsored": "sponsored",
    "paywalled": "subscribers only",
    "digest": "{count} articles on this",
    "happened": "What happened",
    "says": "Who says what",
    "background": "Background",
    "day": "{weekday}, {day} {month} {year}",
    "date": "{day} {month} {year}",
    "weekdays": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "months": "January February March April May June July August September October November December",
}
_DA = {
    "why": "Hvorfor:",
    "publisher_headline": "Udgiverens overskrift:",
    "rank": "Plads",
    "score": "Score",
    "unknown": "ukendt",
    "refused": "Afvist undervejs:",
    "for": "Til {reader}",
    "for_new": "Til en ny læser",
    "in_answer": "Svar på »{request}«",
    "in_answer_for": "Svar på »{request}«, til {reader}",
    "story": "{count} historie",
    "stories": "{count} historier",
    "follows": "Du følger: {interests}",
    "no_stories": "Der er ingen historier at vise nu. Kom tilbage senere.",
    "note_profile": "Du har ikke læst noget her endnu: Siden følger det, du har fortalt om dine interesser.",
    "note_new": "Vi kender ikke dine interesser endnu: Siden viser nye og meget læste historier.",
    "note_request": "Siden følger dit ønske, ikke kun det, du læser.",
    "footer": "Valgt og skrevet til én læser; hver overskrift fører til udgiveren.",
    "letter_stop": "Stop disse breve",
    "edition": "Udgave {edition}.",
    "headline": "overskrift",
    "summary": "resumé",
    "and": "og",
    "by_gpt": "skrevet af GPT",
    "by_t5": "skrevet af T5",
    "by_endpoint": "skrevet af en sprogmodel",
    "by_own": "skrevet af avisens egen skribent",
    "by_extract": "taget fra artiklen",
    "by_original": "med udgiverens ord",
    "by_editor": "med redaktørens ord",
    "sponsored": "sponsoreret",
    "paywalled": "kun for abonnenter",
    "digest": "{count} artikler om dette",
    "happened": "Hvad der skete",
    "says": "Hvem siger hvad",
    "background": "Baggrund",
    "day": "{weekday} den {day}. {month} {year}",
    "date": "{day}. {month} {year}",
    "weekdays": "Mandag Tirsdag Onsdag Torsdag Fredag Lørdag Søndag",
    "months": "januar februar marts april maj juni juli august september oktober november december",
}
_DE = {
    "why": "Warum:",
    "publisher_headline": "Titel des Verlags:",
    "rank": "Rang",
    "score": "Wertung",
    "unknown": "unbekannt",
    "refused": "Unterwegs verworfen:",
    "for": "Für {reader}",
    "for_new": "Für neue Leser",
    "in_answer": "Antwort auf „{request}“",
    "in_answer_for": "Antwort auf „{request}“, für {reader}",
    "story": "{count} Artikel",
    "stories": "{count} Artikel",
    "follows": "Sie folgen: {interests}",
    "no_stories": "Im Moment gibt es keine Artikel. Bitte kommen Sie später wieder.",
    "note_profile": "Sie haben hier noch nichts gelesen: Diese Seite folgt Ihren Angaben zu Ihren Interessen.",
    "note_new": "Wir kennen Ihre Interessen noch nicht: Diese Seite zeigt Neues und viel Gelesenes.",
    "note_request": "Diese Seite folgt Ihrer Anfrage, nicht allein Ihren Lesegewohnheiten.",
    "footer": "Für eine einzige Person gewählt und geschrieben; jeder Titel führt zum Verlag.",
    "letter_stop": "Diese Briefe abbestellen",
    "edition": "Ausgabe {edition}.",
    "headline": "Titel",
    "summary": "Zusammenfassung",
    "and": "und",
    "by_gpt": "von GPT geschrieben",
    "by_t5": "von T5 geschrieben",
    "by_endpoint": "von einem Sprachmodell geschrieben",
    "by_own": "vom Schreiber dieser Seite",
    "by_extract": "aus dem Artikel",
    "by_original": "in den Worten des Verlags",
    "by_editor": "in den Worten der Redaktion",
    "sponsored": "Anzeige",
    "paywalled": "nur für Abonnenten",
    "digest": "{count} Artikel dazu",
    "happened": "Was geschah",
    "says": "Wer was sagt",
    "background": "Hintergrund",
    "day": "{weekday}, {day}. {month} {year}",
    "date": "{day}. {month} {year}",
    "weekdays": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "months": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
_FR = {
    "why": "Pourquoi :",
    "publisher_headline": "Titre de l’éditeur :",
    "rank": "Rang",
    "score": "Score",
    "unknown": "inconnu",
    "refused": "Refusé en chemin :",
    "for": "Pour {reader}",
    "for_new": "Pour une nouvelle lectrice ou un nouveau lecteur",
    "in_answer": "En réponse à « {request} »",
    "in_answer_for": "En réponse à « {request} », pour {reader}",
    "story": "{count} article",
    "stories": "{count} articles",
    "follows": "Vous suivez : {interests}",
    "no_stories": "Il n’y a pas d’article à montrer pour le moment. Revenez plus tard.",
    "note_profile": "Vous n’avez encore rien lu ici : cette page suit les intérêts que vous avez indiqués.",
    "note_new": "Nous ne connaissons pas encore vos intérêts : cette page montre ce qui est nouveau et très lu.",
    "note_request": "Cette page suit votre demande, et pas seulement vos lectures.",
    "footer": "Choisi et écrit pour une seule personne ; chaque titre mène à son éditeur.",
    "letter_stop": "Ne plus recevoir ces lettres",
    "edition": "Édition {edition}.",
    "headline": "titre",
    "summary": "résumé",
    "and": "et",
    "by_gpt": "écrit par GPT",
    "by_t5": "écrit par T5",
    "by_endpoint": "écrit par un modèle de langue",
    "by_own": "écrit par le rédacteur de ce site",
    "by_extract": "tiré de l’article",
    "by_original": "dans les mots de l’éditeur",
    "by_editor": "dans les mots de la rédaction",
    "sponsored": "contenu sponsorisé",
    "paywalled": "réservé aux abonnés",
    "digest": "{count} articles sur ce sujet",
    "happened": "Ce qui s’est passé",
    "says": "Qui dit quoi",
    "background": "Contexte",
    "day": "{weekday} {day} {month} {year}",
    "date": "{day} {month} {year}",
    "weekdays": "Lundi Mardi Mercredi Jeudi Vendredi Samedi Dimanche",
    "months": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
THOUSANDS = {"en": ",", "da": ".", "de": "."}
"""What stands between the thousands and the hundreds of a number; in other languages it is a narrow no-break space."""
LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": _EN, "da": _DA, "de": _DE, "fr": _FR}
"""The labels of each language, by name. Names in braces are filled in; weekdays and months are separated by blanks."""


def labels_of(language: str, own: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a language with the site's own in their place.

    Raises ConfigError for own labels that no page has, that have a brace too many, or too few weekdays or months, and
    for a language without labels here, unless all are given.
    """
    labels = {**LANGUAGES.get(language, {}), **own}
    problems = [f"page.labels.{name}: no such label; known: {', '.join(_EN)}" for name in own if name not in _EN]
    missing = [name for name in _EN if name not in labels]
    if missing:
        problems.append(
            f"page.language: found {language!r}, expected {', '.join(LANGUAGES)}, or in [page.labels] also: "
            f"{', '.join(missing)}"
        )
    for name in own.keys() & _EN.keys():
        problems += [f"page.labels.{name}: {problem}" for problem in _problems(name, own[name])]
    if problems:
        raise ConfigError(f"{'; '.join(problems)}.")
    return labels


def _problems(name: str, text: str) -> list[str]:
    count = {"weekdays": 7, "months": 12}.get(name)
    if count is not None:
        return [] if len(text.split()) == count else [f"found {text!r}, expected {count} names with blanks between"]
    try:
        unknown = _braces(text) - _braces(_EN[name])
    except ValueError as error:  # a brace that is not closed
        return [f"found {text!r}: {error}"]
    known = ", ".join(f"{{{part}}}" for part in sorted(_braces(_EN[name]))) or "no braces"
    return [f"found {text!r}, expected {known}"] if unknown else []


def _braces(text: str) -> set[str]:
    return {part for _, part, _, _ in Formatter().parse(text) if part is not None}


def date_in(labels: Mapping[str, str], form: str, time: datetime) -> str:
    """Return a time as `form` says: `day`, such as Tuesday, 3 January 2017, or `date`, such as 3 January 2017."""
    return labels[form].format(
        weekday=labels["weekdays"].split()[time.weekday()],
        day=time.day,
        month=labels["months"].split()[time.month - 1],
        year=time.year,
    )
