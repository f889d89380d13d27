"""python texts.py FOLDER : texts of all kinds, and what open_clip makes of them before they are tokenized.

Writes texts.json: [[text, cleaned in lower case, cleaned canonically], ...]; null where it equals the one before it.
Letters younger than Python's Unicode are left out: whether they are letters is a matter of versions.
With --unlimited N: so many random texts instead, with all letters, to count what is not equal.
"""
import json, random, sys, unicodedata
import ftfy.badness, ftfy.chardata, regex
from html.entities import html5
from open_clip.tokenizer import get_clean_fn

folder = sys.argv[1]
limited = "--unlimited" not in sys.argv
count = 2600 if limited else int(sys.argv[sys.argv.index("--unlimited") + 1])
r = random.Random(11 if limited else 12)

CHOSEN = """a photo of a cat|A Photo of TWO dogs!|naïve café, Ærø|the “quoted” ‘word’ — dash…|I'm they've we'll it'd isn't 's|ﬁsh ﬂy oﬀ ﬃ ﬄ ﬅ ﬆ Ĳ ŉ ǅ|ＬＯＵＤ　ＮＯＩＳＥＳ ｱｲｳ ﾊﾞﾝ|ΑΣ ΣΑΣ Σ. ΌΔΟΣ|İstanbul I ı ſ ß ẞ|sÃ³|voilÃ le travail|âœ” No problems|â€œhereâ€™s a testâ€\x9d|â€œ like this â€\ufffd|The Mona Lisa doesnÃƒÂ¢Ã¢â€šÂ¬Ã¢â€žÂ¢t have eyebrows.|l’humanitÃ©|Ã\xa0 la mode|Ã la mode|Ã s vezes|fÃ cil|ÃƒÂ©|schÃ¶n|Ð¿Ñ€Ð¸Ð²ÐµÑ‚|РїСЂРёРІРµС‚|Î±Î²Î³|ä½\xa0å¥½|×©×œ×•×\x9d|ðŸ˜\x8d ðŸ˜€|рџђ±|ÅšwiÄ™tokrzyskie|caf\xe9 \x85 \x91quoted\x92 \x80|\x93a\x94|only\x81\x8d\x9d|&lt;b&gt;|&amp;amp;lt;|&eacute; &EACUTE; &Eacute &nbsp;x|&NotEqualTilde; &ThickSpace;x|&notit; &notin &ampx &copy2|&#65;&#x42;&#67 &#0; &#128; &#1; &#xD83D;&#xDE00; &#x110000; &#xFDD0;|&#59; &#38;lt; &#x26;amp;|<b>&eacute;</b>|one &eacute;\\n<i>two &EACUTE;\\nthree &EACUTE;|tab\\tand\\nline\\r\\nend\\rx|\x00\x01\x07\x0b\x0c\x1b[31mred\x1b[0m\x7f|zero\u200bwidth\u200djoin\u2060|bidi \u202eabc\u202c|\ufeffbom\ufeff|obj\ufffc \ufff9a\ufffab\ufffb|\u2028line\u2029para\x85next|\u1680\u2003\u3000 spaces \xa0|e\u0301 é a\u0328\u0301 \u0345α\u0345|Ⅷ ② ½ ٣ ५ 𝟘 𝒳 𝔘 ℌ|日本語のテキスト 中文 한국어 한|العربية עִבְרִית हिन्दी ไทย|👍🏽 👩‍👩‍👧‍👦 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 🇩🇪|<start_of_text> a <END_OF_TEXT> b|<|startoftext|> <|endoftext|>|snake_case__x don't.stop (ever) {7}|₿ ₤ № ™ ©|'ſ 'S 'LL \u212a|123 4567 a1b2|...!!!???|x""" + "x" * 90 + "|" + "word " * 90
POOLS = [
    lambda: chr(r.randint(0x20, 0x7E)),
    lambda: chr(r.randint(0, 0xFF)),
    lambda: chr(r.randint(0xA0, 0x24F)),
    lambda: chr(r.randint(0x250, 0x1FFF)),
    lambda: chr(r.randint(0x2000, 0x2BFF)),
    lambda: chr(r.randint(0x2C00, 0xD7FF)),
    lambda: chr(r.randint(0xE000, 0xFFFF)),
    lambda: chr(r.randint(0x10000, 0x1FFFF)),
    lambda: chr(r.randint(0x20000, 0x10FFFF)),
    lambda: chr(r.randint(0x1F300, 0x1FAFF)),
    lambda: chr(r.randint(0x300, 0x36F)),
    lambda: r.choice("\u200b\u200c\u200d\u200e\u202a\u2060\ufe0f\u3000\xa0\x85\u2028\ufeff\t\n\r "),
    lambda: r.choice("".join(v for v in ftfy.badness.MOJIBAKE_CATEGORIES.values())),
    lambda: r.choice("".join(v for v in ftfy.chardata.UTF8_CLUES.values())),
    lambda: "&" + r.choice(list(html5)) + r.choice(["", ";", " "]),
    lambda: "&" + r.choice(list(html5)).upper() + r.choice(["", ";"]),
    lambda: r.choice(["&#%d", "&#%d;", "&#x%x;"]) % r.choice([r.randint(0, 300), r.randint(0, 0x120000)]),
    lambda: r.choice(["cat ", "Dog's ", "I'll ", "the red car ", "é", "ß", "Σ", "I", "'s", "'RE "]),
    lambda: r.choice("\ud83d\ude00\udc00\ud800"),
]
ENCODINGS = ftfy.chardata.CHARMAP_ENCODINGS
SENTENCES = ["L'été déjà là, à côté", "Ça va — très bien…", "“quoted” and ‘single’", "Größe über Äpfel", "São Paulo às vezes à", "Привет, мир", "Ελληνικά λόγια", "Zażółć gęślą jaźń", "日本語テキスト", "שלום עולם", "مرحبا بالعالم", "हिन्दी", "emoji 😀 🐱 ❤️", "€ 5 – £ 3 ½", "naïve café ☕", "ĄĘ ŠŽ Ūū", "it’s", "\xa0x\xa0y"]


def mangled():
    """UTF-8 read in a wrong encoding, once or twice, and sometimes hurt after it."""
    text = " ".join(r.sample(SENTENCES, r.randint(1, 3)))
    for _ in range(r.choice([1, 1, 1, 2])):
        encoding = r.choice(ENCODINGS)
        try:
            text = text.encode("utf-8").decode(encoding, "replace" if r.random() < 0.3 else "strict")
        except UnicodeError:
            pass
    if r.random() < 0.3:
        text = text.replace("\xa0", " ")
    if r.random() < 0.2:
        at = r.randrange(len(text))
        text = text[:at] + r.choice(["?", "\ufffd", "<", "x", " "]) + text[at + 1 :]
    if r.random() < 0.3:
        text = r.choice(SENTENCES) + " " + text
    return text


def random_text():
    if r.random() < 0.35:
        return mangled()
    pools = r.sample(POOLS, r.randint(1, 4))
    return "".join(r.choice(pools)() for _ in range(r.randint(1, 24)))


texts = CHOSEN.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").split("|") if limited else []
if limited:
    texts += [chr(c) + "a" + chr(c) for c in range(0x80, 0x600)]
texts += [random_text() for _ in range(count)]
lower, canonical = get_clean_fn("lower"), get_clean_fn("canonicalize")


def is_settled(character):
    return unicodedata.category(character) != "Cn" or not regex.match(r"[\p{L}\p{N}\p{M}]", character)


def row(text):
    if limited:
        text = "".join(filter(is_settled, text))
    # What JavaScript would read: halves of pairs that stand beside each other are one character.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    a, b = lower(text), canonical(text)
    return [text, None if a == text else a, None if b == a else b]


rows = [row(text) for text in texts]
if limited:
    rows = [r for r in rows if all(map(is_settled, r[1] or r[0]))]
with open(folder + "/texts.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(x) for x in rows) + "\n]\n")
