"""The category of a root cause, where its words support one clearly, and one only."""

import re

# Weights: 3 for words that hardly mean anything else, 2 for likely ones, 1 for hints. What decides is the first
# sentence that names a cause; later ones count less, because they tell consequences.
_WORDS = (
    ("configuration", 3, r"mis-?configur\w*|configuration (?:error|mistake|issue|change|file)s?|incorrect(?:ly)? (?:configur\w+|set)|wrong(?:ly)? configur\w*|improper(?:ly)? (?:configur\w*|set)|improper\w* .{0,30}configur\w*|config(?:uration)? file|settings? (?:file|document)s?|typo.{0,40}(?:config|settings?)|invalid (?:configuration|library file name|config)|not (?:properly )?linked|sites-(?:enabled|available)|admission controller"),
    ("configuration", 2, r"typo|\bsettings?\b|configur\w+|firewall rules?|rate[- ]limit\w* (?:rule|config\w*)|incorrect (?:\w+ ){0,2}(?:value|permission|key|parameter)s?|permissions?\b.{0,20}(?:key|file)|file name|limits? (?:on|of) (?:the )?(?:number|open)"),
    ("code-defect", 3, r"memory leak|software bug|code (?:bug|issue|defect|path|error)|bug in (?:the |our )?(?!.{0,20}(?:github|provider|vendor|third))\w|null pointer|race condition|infinite loop|unhandled (?:exception|code|error|promise)|regression|connection leak|off[- ]by[- ]one|O\(n|deadlock in (?:the )?code|not properly initiali[sz]ed|logic error"),
    ("code-defect", 2, r"\bbugs?\b|faulty code|the code was|code change|uninitiali[sz]ed|exception (?:was |is )?(?:thrown|raised)"),
    ("capacity", 3, r"(?:traffic|user|request|load)\w* (?:surge|spike)|surge (?:in|of) (?:\w+ )?(?:traffic|users?|requests?|connections?|demand|load)|(?:high|heavy|increased|unexpected|sudden|excessive) (?:\w+ )?(?:traffic|load|demand)|disk (?:space|full|utili[sz]ation)|(?:full|filled).{0,20}(?:disk|filesystem|volume|root)|(?:out of|exhaust\w+|ran out of) (?:\w+ ){0,2}(?:memory|disk|space|cpu|connections?)|(?:cpu|memory|resource|ip|disk|connection)\w*(?: address\w*)? (?:exhaustion|starvation|saturation|pressure)|exhaust\w+ (?:available )?(?:server )?(?:memory|resources|disk)|insufficient (?:\w+ )?(?:capacity|limits?|resources|memory)|excessive database connections|too many (?:open files|requests|connections)|memory outage"),
    ("capacity", 2, r"overload\w*|capacity|could(?: not|n.t) handle (?:the )?(?:\w+ )?load|scal(?:e|ing) "),
    ("hardware", 3, r"power (?:failure|supply|outage|loss)|hardware (?:failure|malfunction|fault|issue)|electric\w* (?:power )?failure|(?:disk|drive|fan|switch|router|server|ssd|nic) (?:hardware )?fail\w*|faulty (?:hardware|disk|memory|cable)|hung node|unresponsive node"),
    ("data-store", 3, r"(?:database|query|queries|sql) (?:\w+ )?(?:inefficien\w+|deadlock|corrupt\w*|lock)|inefficient (?:\w+ )?(?:database )?quer(?:y|ies)|(?:missing|lack of|suboptimal|no) (?:\w+ )?index\w*|table locks?|slow quer(?:y|ies)|replication (?:lag|failure)|database (?:server )?crash|database (?:failure|corruption)|data corruption"),
    ("network", 3, r"\bdns\b|\bbgp\b|network (?:partition|outage|failure|cable|switch|link|congestion)|routing (?:table|loop|issue|error)|packet loss|fib(?:er|re) cut"),
    ("certificate-or-credential", 3, r"certificates?\b.{0,60}\bexpir\w*|expir\w+.{0,40}\bcertificates?|(?:ssl|tls) certificate|expired (?:token|credential|key|licen[cs]e)s?|revoked"),
    ("security", 3, r"malicious|attacker|phishing|\bddos attack (?:was|caused|on)|vulnerabilit\w+|exploit\w*|unauthori[sz]ed access|compromis\w+|security (?:breach|flaw|hole)"),
    ("third-party", 3, r"third[- ]party|(?:cloud |hosting |upstream |service )?provider(?:'s)? (?:outage|failure|issue|had)|upstream outage|aws (?:outage|issue)|vendor\b|github(?:'s)? (?:\w+ ){0,2}(?:ci|outage|bug|process)|bug in (?:the )?github"),
    ("dependency", 3, r"(?:dependency|library|package) (?:upgrade|update|version|conflict|failure)|incompatible (?:version|librar\w+)|internal dependency"),
    ("release-process", 3, r"(?:bad|faulty|failed|botched|incorrect) (?:deploy\w*|release|rollout)|(?:deploy\w*|release) (?:process|pipeline|procedure)|during (?:the )?deployment|without (?:being )?test\w+"),
    ("procedure", 3, r"human error|human mistake|forgot(?:ten)?\b|never switched back|procedure was|no (?:documented )?(?:procedure|process)|manual (?:error|mistake)|by (?:accident|mistake)|accidentally (?:delet|remov|drop|cordon)\w*|violation of (?:our )?sop|were cordoned|not followed"),
    ("time", 3, r"leap second|clock (?:skew|drift)|time ?zone bug|daylight saving"),
)  # fmt: skip
_COMPILED = tuple((kind, weight, re.compile(words, re.IGNORECASE)) for kind, weight, words in _WORDS)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_ALL = re.compile("|".join(f"(?:{words})" for *_, words in _WORDS), re.IGNORECASE)
_NEGATED = re.compile(
    r"\b(not|wasn't|no|ruled out|rather than|suspected|initially|unrelated)\b[^.]{0,40}\Z", re.IGNORECASE
)
# What a sentence says behind these words is what caused, not what came of it.
_CAUSAL = re.compile(
    r"\b(?:caused by|due to|because(?: of)?|stem\w+ from|attributed to|traced (?:back )?to|result of|root cause (?:of [^.]{0,60})?(?:was|is)(?: identified as| determined to be| found to be| an?| the)?|triggered by|thanks to)\b",
    re.IGNORECASE,
)
# What stands behind these is what came of it.
_LED_TO = re.compile(
    r"\b(?:led to|leads to|leading to|result(?:ed|ing|s)? in|caus(?:ed|es|ing)(?! by)|making|so that|which (?:meant|made|overwhelmed))\b",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"\b(?:either|perhaps|maybe|possibly|might have been|could have been|not (?:yet )?known)\b", re.IGNORECASE
)
MAX_TEXT = 1200


def cause_of(texts: list[str]) -> str:
    """The slug of the cause that texts about it agree on, or nothing. The first text counts most."""
    scores: dict[str, float] = {}
    for place, text in enumerate(texts[:3]):
        for number, sentence in enumerate(_SENTENCE.split(text[:MAX_TEXT])[:4]):
            factor = (1.0, 0.5, 0.3)[place] * (1.0, 0.5, 0.3, 0.2)[number]
            for kind, score in _score(sentence).items():
                scores[kind] = scores.get(kind, 0.0) + factor * score
    if not scores:
        return ""
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    best, score = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    return best if score >= 2 and score >= 1.4 * second else ""


def _score(sentence: str) -> dict[str, float]:
    if _ALL.search(sentence) is None or _UNSURE.search(sentence) is not None:
        return {}
    causal = _CAUSAL.search(sentence)
    if (led := _LED_TO.search(sentence, causal.end() if causal else 0)) is not None:
        sentence = sentence[: led.start()]
    found: dict[str, float] = {}
    for kind, weight, words in _COMPILED:
        match = words.search(sentence)
        if match is None or _NEGATED.search(sentence[max(0, match.start() - 60) : match.start()]):
            continue
        value = float(weight)
        if causal is not None:
            # Right behind "caused by" stands the cause; what it led to comes later or earlier.
            value *= 1.5 if 0 <= match.start() - causal.end() < 90 else 0.6
        found[kind] = (
            max(found.get(kind, 0.0), value) if kind in found and weight < 3 else found.get(kind, 0.0) + value
        )
    return found
