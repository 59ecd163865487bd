"""Word lists by which errors are planted: given names, places, organisations, verbs.

They are independent of the fact gate's own lists, so that errors are planted in words that the gate lacks, too.
"""

GIVEN_NAMES = (
    "Aaron Adam Alan Alex Alexander Alexei Alice Amanda Amy Andrea Andrew Angela Anna Anne Anthony Antonio Arthur "
    "Ashley Barack Barbara Barry Ben Benjamin Bernie Beth Bill Bob Boris Brad Brandon Brett Brian Bruce Bryan "
    "Carl Carlos Carol Caroline Catherine Charles Charlie Chris Christian Christine Christopher Claire Colin "
    "Craig Dan Daniel Danny Darren David Dean Denis Dennis Derek Diana Dmitry Donald Doug Edward Elizabeth Ellen "
    "Emily Emma Enda Eric Erik Ernest Eugene Evan Francis Frank Fred Gary Gavin Geoff George Gerry Gordon Graham "
    "Greg Hannah Harry Harvey Heather Helen Henry Hillary Howard Hugh Ian Igor Ivan Ivanka Jack Jacob James Jamie "
    "Jane Jared Jason Jay Jean Jeff Jennifer Jeremy Jerry Jesse Jessica Jim Jimmy Joan Joe John Jon Jonathan "
    "Jordan Jorge Jose Joseph Josh Joshua Juan Judy Julia Julian Julie Justin Karen Kate Katie Keith Kelly Ken "
    "Kenneth Kevin Kim Kirk Kyle Lamar Larry Laura Lauren Lee Leo Lewis Liam Linda Lisa Louis Lucy Luis Luke Marc "
    "Marco Margaret Maria Marie Marine Mark Martin Mary Matt Matthew Max Megan Meghan Melania Melissa Michael "
    "Micheal Michelle Mick Miguel Mike Mitch Mohamed Mohammed Nancy Natalie Nathan Neil Nicholas Nick Nicola "
    "Nicole Nigel Oliver Oscar Pam Patricia Patrick Paul Pedro Peter Phil Philip Rachel Ralph Randy Ray Rebecca "
    "Rex Richard Rick Rob Robert Roberto Robin Roger Ron Rory Ross Roy Russell Ryan Sam Samantha Samuel Sandra "
    "Sara Sarah Scott Sean Sebastian Sergei Sergey Shane Sharon Simon Sophie Stephanie Stephen Steve Steven "
    "Stuart Susan Ted Teresa Terry Theresa Thomas Tim Timothy Todd Tom Tommy Tony Travis Tyler Victor Victoria "
    "Vincent Vladimir Walter Wayne Wendy William Zach"
).split()

PLACES = {
    "country": (
        "Afghanistan Argentina Australia Austria Belgium Brazil Britain Bulgaria Canada Chile China Colombia "
        "Croatia Cuba Cyprus Denmark Egypt Ethiopia Finland France Georgia Germany Ghana Greece Hungary Iceland "
        "India Indonesia Iran Iraq Ireland Israel Italy Japan Kenya Kuwait Lebanon Libya Malaysia Mali Malta "
        "Mexico Morocco Myanmar Nepal Netherlands Nigeria Norway Pakistan Peru Philippines Poland Portugal Qatar "
        "Romania Russia Scotland Serbia Singapore Somalia Spain Sudan Sweden Switzerland Syria Taiwan Thailand "
        "Tunisia Turkey Uganda Ukraine Venezuela Vietnam Wales Yemen Zimbabwe"
    ).split(),
    "city": (
        "Atlanta, Baghdad, Barcelona, Beijing, Belfast, Berlin, Boston, Brussels, Cairo, Chicago, Cleveland, "
        "Cork, Dallas, Delhi, Denver, Detroit, Dubai, Dublin, Frankfurt, Geneva, Hamburg, Houston, Istanbul, "
        "Jakarta, Jerusalem, Karachi, Kiev, Lahore, Lisbon, London, Madrid, Manchester, Manila, Melbourne, Miami, "
        "Milan, Minneapolis, Moscow, Mosul, Mumbai, Munich, Nairobi, Oakland, Oslo, Paris, Philadelphia, Phoenix, "
        "Pittsburgh, Portland, Rome, Seattle, Seoul, Shanghai, Stockholm, Sydney, Tokyo, Toronto, Vancouver, "
        "Vienna, Warsaw, Hong Kong, Las Vegas, Los Angeles, New Orleans, New York, San Diego, San Francisco"
    ).split(", "),
    "state": (
        "Alabama, Alaska, Arizona, Arkansas, California, Colorado, Connecticut, Delaware, Florida, Hawaii, Idaho, "
        "Illinois, Indiana, Iowa, Kansas, Kentucky, Louisiana, Maine, Maryland, Massachusetts, Michigan, "
        "Minnesota, Mississippi, Missouri, Montana, Nebraska, Nevada, Ohio, Oklahoma, Oregon, Pennsylvania, "
        "Tennessee, Texas, Utah, Vermont, Virginia, Wisconsin, Wyoming, New Jersey, New Mexico, North Carolina, "
        "South Carolina"
    ).split(", "),
}

ORGANISATIONS = {
    "american football": (
        "Patriots Bears Packers Vikings Lions Cowboys Eagles Redskins Saints Falcons Panthers Buccaneers Seahawks "
        "Rams 49ers Cardinals Broncos Chiefs Raiders Chargers Texans Colts Jaguars Titans Bengals Browns Steelers "
        "Ravens Bills Dolphins Jets"
    ).split(),
    "basketball": (
        "Lakers Celtics Warriors Rockets Clippers Bulls Knicks Nets Raptors Bucks Pacers Pistons Cavaliers "
        "Hornets Grizzlies Pelicans Mavericks Spurs Suns Nuggets Jazz Timberwolves 76ers"
    ).split(),
    "baseball": (
        "Yankees Astros Nationals Dodgers Braves Mets Phillies Cubs Brewers Padres Orioles Athletics Mariners "
        "Rangers Twins Royals Tigers Indians"
    ).split(),
    "football": (
        "Arsenal Chelsea Liverpool Tottenham Everton Leicester Southampton Watford Sunderland Middlesbrough "
        "Barcelona Juventus"
    ).split(),
    "company": (
        "Apple Google Facebook Amazon Microsoft Samsung Toyota Volkswagen Ford Tesla Boeing Airbus Uber Netflix "
        "Twitter Sony Nissan BMW Walmart Disney Snapchat Intel Huawei Alibaba Tencent Ryanair McDonald's "
        "Starbucks"
    ).split(),
    "body": (
        "NATO, UNICEF, UNESCO, European Union, European Commission, European Parliament, World Bank, White House, "
        "Pentagon, Kremlin, Congress, Senate, Supreme Court, Interpol, Federal Reserve, Red Cross, Greenpeace, "
        "Amnesty International, Human Rights Watch, Fine Gael, Sinn Fein, Labour, Islamic State, Taliban, Boko "
        "Haram, FBI, CIA, NASA, IMF"
    ).split(", "),
}

TRANSITIVE = (
    "accused accuses asked asks attacked attacks backed backs beat beats blamed blames blasts blasted bought buys "
    "called challenged confronted criticised criticises criticized criticizes defeated defeats defended defends "
    "dismissed endorsed endorses fired fires helped hired hires hit hits invited invites joined joins killed led "
    "leads mocked nominated ordered overtook owns picked praised praises pressed rejected rejects replaced "
    "replaces ripped sacked shot slammed slams stunned succeeded sued sues supports supported surprised "
    "threatened threatens told tells thanked topped urged urges visited visits warned warns"
).split()
"Verbs whose subject and object cannot change places without a change of meaning."

NUMBER_WORDS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen twenty thirty forty fifty"
).split()
WEEKDAYS = ("Monday Tuesday Wednesday Thursday Friday Saturday Sunday").split()
MONTHS = ("January February March April May June July August September October November December").split()
OPPOSITES = (
    "rise fall, rises falls, rose fell, rising falling, increase decrease, increased decreased, win lose, won "
    "lost, wins loses, winning losing, up down, more fewer, higher lower, best worst, first last, open close, "
    "opened closed, start end, started ended, begin end, began ended, before after, support oppose, supported "
    "opposed, supports opposes, accept reject, accepted rejected, allow ban, allowed banned, buy sell, bought "
    "sold, old new, male female, man woman, men women, his her, son daughter, brother sister, father mother, "
    "husband wife, guilty innocent, north south, northern southern, east west, eastern western, left right, "
    "largest smallest, biggest smallest, early late, former current, yes no, strong weak, success failure, "
    "injured killed, alive dead, arrived left, join leave"
).split(", ")
"Pairs of words that say the contrary of each other."
