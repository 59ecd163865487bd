"""Write src/broadsheet/models/e5_centre.json: the mean vector of news, which is taken off each vector of asset:e5.

All vectors of multilingual-e5-small point much the same way: two unrelated titles have a cosine of .8. Without their
mean, unrelated titles have cosines near 0, as thresholds such as `story_similarity` expect, and the same article is
found in another language more often. The headlines are made up: eight subjects in twenty languages.

    broadsheet assets e5 && python scripts/make_e5_centre.py
"""

import json
from dataclasses import replace
from pathlib import Path

from broadsheet.models.loading import resolve
from broadsheet.models.sentence_recipe import read_recipe
from broadsheet.retrieval.towers.news_tower import load_news_tower

HEADLINES = """
Government presents new budget with higher taxes on energy
Late goal sends the home team into the cup final
Storm warning: heavy rain and floods expected in the south
Police arrest two men after robbery at a jewellery shop
New study: a walk every day lowers the risk of heart disease
Actress wins prize for her first film as a director
Technology company lays off thousands after weak quarter
Five simple recipes for a quick dinner on a weekday

Regeringen fremlægger nyt budget med højere afgifter på energi
Sent mål sender hjemmeholdet i pokalfinalen
Varsel om storm: kraftig regn og oversvømmelser ventes i syd
Politiet anholder to mænd efter røveri mod guldsmed
Nyt studie: en daglig gåtur mindsker risikoen for hjertesygdom
Skuespiller vinder pris for sin første film som instruktør
Teknologivirksomhed fyrer tusinder efter svagt kvartal
Fem nemme opskrifter på hurtig aftensmad i hverdagen

Regierung legt neuen Haushalt mit höheren Energiesteuern vor
Spätes Tor bringt die Gastgeber ins Pokalfinale
Sturmwarnung: Starkregen und Überschwemmungen im Süden erwartet
Polizei nimmt zwei Männer nach Überfall auf Juwelier fest
Neue Studie: Täglicher Spaziergang senkt das Risiko für Herzkrankheiten
Schauspielerin gewinnt Preis für ihren ersten Film als Regisseurin
Technologiekonzern entlässt Tausende nach schwachem Quartal
Fünf einfache Rezepte für ein schnelles Abendessen

Le gouvernement présente un nouveau budget avec des taxes plus élevées sur l'énergie
Un but tardif envoie l'équipe locale en finale de la coupe
Alerte tempête : fortes pluies et inondations attendues dans le sud
La police arrête deux hommes après le braquage d'une bijouterie
Une étude le montre : marcher chaque jour réduit le risque cardiaque
Une actrice récompensée pour son premier film de réalisatrice
Une entreprise technologique licencie des milliers de salariés
Cinq recettes simples pour un dîner rapide en semaine

El Gobierno presenta un nuevo presupuesto con más impuestos a la energía
Un gol en el último minuto lleva al equipo local a la final de copa
Alerta por tormenta: se esperan lluvias e inundaciones en el sur
La policía detiene a dos hombres tras el robo de una joyería
Un estudio revela que caminar cada día reduce el riesgo cardíaco
Una actriz gana un premio por su primera película como directora
Una empresa tecnológica despide a miles tras un trimestre débil
Cinco recetas sencillas para una cena rápida

Governo apresenta novo orçamento com impostos mais altos sobre a energia
Golo tardio coloca a equipa da casa na final da taça
Aviso de tempestade: chuva forte e inundações previstas no sul
Polícia detém dois homens após assalto a joalharia
Novo estudo: caminhar todos os dias reduz o risco de doença cardíaca
Atriz ganha prémio pelo primeiro filme como realizadora
Empresa de tecnologia despede milhares após trimestre fraco
Cinco receitas simples para um jantar rápido

Il governo presenta la nuova manovra con tasse più alte sull'energia
Un gol nel finale porta la squadra di casa in finale di coppa
Allerta maltempo: piogge e alluvioni attese al sud
La polizia arresta due uomini dopo la rapina in gioielleria
Nuovo studio: camminare ogni giorno riduce il rischio cardiaco
L'attrice premiata per il suo primo film da regista
L'azienda tecnologica licenzia migliaia di persone
Cinque ricette semplici per una cena veloce

Kabinet presenteert nieuwe begroting met hogere belasting op energie
Laat doelpunt brengt thuisploeg in de bekerfinale
Waarschuwing voor storm: zware regen en overstromingen verwacht in het zuiden
Politie houdt twee mannen aan na overval op juwelier
Nieuw onderzoek: elke dag wandelen verkleint de kans op hartziekten
Actrice wint prijs voor haar eerste film als regisseur
Technologiebedrijf ontslaat duizenden na zwak kwartaal
Vijf eenvoudige recepten voor een snel avondmaal

Regeringen presenterar ny budget med högre skatt på energi
Sent mål tar hemmalaget till cupfinalen
Stormvarning: kraftigt regn och översvämningar väntas i söder
Polisen griper två män efter rån mot guldsmedsbutik
Ny studie: daglig promenad minskar risken för hjärtsjukdom
Skådespelare vinner pris för sin första film som regissör
Teknikbolag sparkar tusentals efter svagt kvartal
Fem enkla recept på snabb middag till vardags

Hallitus esitteli uuden talousarvion, energian verot nousevat
Myöhäinen maali vei kotijoukkueen cupin loppuotteluun
Myrskyvaroitus: etelään odotetaan rankkasateita ja tulvia
Poliisi otti kiinni kaksi miestä koruliikkeen ryöstön jälkeen
Uusi tutkimus: päivittäinen kävely pienentää sydäntautien riskiä
Näyttelijä palkittiin ensimmäisestä ohjaustyöstään
Teknologiayhtiö irtisanoo tuhansia heikon vuosineljänneksen jälkeen
Viisi helppoa reseptiä arki-illan ruoaksi

Rząd przedstawił nowy budżet z wyższymi podatkami od energii
Późny gol dał gospodarzom awans do finału pucharu
Ostrzeżenie przed burzą: na południu ulewy i powodzie
Policja zatrzymała dwóch mężczyzn po napadzie na jubilera
Nowe badanie: codzienny spacer zmniejsza ryzyko chorób serca
Aktorka z nagrodą za pierwszy film w roli reżyserki
Firma technologiczna zwalnia tysiące osób po słabym kwartale
Pięć prostych przepisów na szybką kolację

Правительство представило новый бюджет с повышением налогов на энергию
Гол на последних минутах вывел хозяев в финал кубка
Штормовое предупреждение: на юге ожидаются ливни и наводнения
Полиция задержала двух мужчин после ограбления ювелирного магазина
Новое исследование: ежедневная прогулка снижает риск болезней сердца
Актриса получила приз за свой первый режиссёрский фильм
Технологическая компания увольняет тысячи сотрудников
Пять простых рецептов быстрого ужина

Hükümet, enerji vergilerini artıran yeni bütçeyi açıkladı
Son dakika golü ev sahibini kupa finaline taşıdı
Fırtına uyarısı: güneyde şiddetli yağış ve sel bekleniyor
Polis, kuyumcu soygununun ardından iki kişiyi gözaltına aldı
Yeni araştırma: her gün yürümek kalp hastalığı riskini azaltıyor
Oyuncu, yönettiği ilk filmle ödül kazandı
Teknoloji şirketi zayıf çeyreğin ardından binlerce kişiyi işten çıkarıyor
Hafta içi akşam yemeği için beş kolay tarif

الحكومة تقدم ميزانية جديدة مع ضرائب أعلى على الطاقة
هدف متأخر يقود أصحاب الأرض إلى نهائي الكأس
تحذير من عاصفة: أمطار غزيرة وفيضانات متوقعة في الجنوب
الشرطة تعتقل رجلين بعد سرقة محل مجوهرات
دراسة جديدة: المشي كل يوم يقلل خطر أمراض القلب
ممثلة تفوز بجائزة عن أول فيلم من إخراجها
شركة تقنية تسرح آلاف الموظفين بعد ربع ضعيف
خمس وصفات سهلة لعشاء سريع

सरकार ने ऊर्जा पर अधिक कर के साथ नया बजट पेश किया
आखिरी मिनट के गोल से मेज़बान टीम कप के फाइनल में
तूफान की चेतावनी: दक्षिण में भारी बारिश और बाढ़ की आशंका
गहनों की दुकान में लूट के बाद पुलिस ने दो लोगों को गिरफ्तार किया
नया अध्ययन: रोज़ टहलने से हृदय रोग का खतरा कम होता है
अभिनेत्री को निर्देशक के रूप में पहली फिल्म के लिए पुरस्कार
कमज़ोर तिमाही के बाद तकनीकी कंपनी ने हज़ारों को निकाला
रात के जल्दी खाने के लिए पाँच आसान रेसिपी

政府提出新预算，提高能源税
终场前进球，主队晋级杯赛决赛
暴风雨预警：南部预计有大雨和洪水
珠宝店遭抢劫，警方逮捕两名男子
新研究：每天散步可降低心脏病风险
女演员凭首部执导影片获奖
科技公司季度业绩疲软，裁员数千人
五种简单的快手晚餐食谱

政府、エネルギー増税を盛り込んだ新予算案を発表
終盤のゴールで地元チームがカップ決勝へ
暴風警報、南部で大雨と洪水のおそれ
宝石店強盗で警察が男二人を逮捕
毎日の散歩で心臓病のリスク低下、新研究
女優が初監督作品で受賞
IT企業、業績不振で数千人を削減
平日の夕食にすぐ作れる簡単レシピ五選

정부, 에너지세 인상을 담은 새 예산안 발표
막판 골로 홈팀 컵 결승 진출
폭풍 경보: 남부에 폭우와 홍수 예상
보석상 강도 사건, 경찰 남성 두 명 체포
매일 걷기가 심장병 위험 낮춘다는 연구 결과
배우, 첫 연출 영화로 수상
기술 기업, 실적 부진에 수천 명 감원
평일 저녁을 위한 간단한 요리법 다섯 가지

Chính phủ trình ngân sách mới với thuế năng lượng cao hơn
Bàn thắng muộn đưa đội chủ nhà vào chung kết cúp
Cảnh báo bão: mưa lớn và lũ lụt ở miền Nam
Cảnh sát bắt hai người sau vụ cướp tiệm vàng
Nghiên cứu mới: đi bộ mỗi ngày giảm nguy cơ bệnh tim
Nữ diễn viên đoạt giải với bộ phim đầu tay làm đạo diễn
Công ty công nghệ sa thải hàng nghìn người sau quý yếu kém
Năm công thức đơn giản cho bữa tối nhanh

Pemerintah ajukan anggaran baru dengan pajak energi lebih tinggi
Gol di menit akhir bawa tim tuan rumah ke final piala
Peringatan badai: hujan lebat dan banjir di selatan
Polisi tangkap dua pria setelah perampokan toko perhiasan
Studi baru: jalan kaki setiap hari turunkan risiko penyakit jantung
Aktris raih penghargaan untuk film pertamanya sebagai sutradara
Perusahaan teknologi pecat ribuan orang setelah kuartal lemah
Lima resep mudah untuk makan malam cepat
"""


def main() -> None:
    """Encode the headlines as articles and as queries, and write both means to four decimals."""
    plain = replace(read_recipe(resolve("asset:e5")), centre=(), query_centre=())
    tower = load_news_tower("asset:e5", max_tokens=96, recipe=plain)
    texts = [line for line in HEADLINES.splitlines() if line]
    means = {"query": tower.queries(texts).mean(0), "passage": tower(texts).mean(0)}
    content = {side: [round(float(number), 4) for number in mean] for side, mean in means.items()}
    (Path(__file__).parents[1] / "src/broadsheet/models/e5_centre.json").write_text(json.dumps(content) + "\n", "utf-8")


if __name__ == "__main__":
    main()
