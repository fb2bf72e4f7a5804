"""Find the sentences of a document that say what has to be done before a commit or a release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from supervisor.core.repo.commands import purpose_of, quote
from supervisor.core.repo.documents import Piece, plain
from supervisor.domain.repo.facts import DocumentKind, Moment, RepoRule
from supervisor.regex import regex

RULE = 220  # characters


def rules_of(name: str, kind: DocumentKind, parts: Sequence[Piece]) -> Iterator[RepoRule]:
    """Yield the rules of a document, in its own words. What describes the product, or comes from a release, is none."""
    if kind in (DocumentKind.ARCHITECTURE, DocumentKind.CHANGELOG):
        return
    headings: list[tuple[int, str]] = []
    guide = name.lower().startswith((".github/", "docs/", "doc/"))
    nested = kind is DocumentKind.README and "/" in name and not guide
    lead = ""
    template = "pull_request_template" in name.lower()
    for part in parts:
        if part.kind == "heading":
            headings = [heading for heading in headings if heading[0] < part.level] + [(part.level, plain(part.text))]
        if part.kind not in ("prose", "item") or (part.note == "quote" and "[!" not in part.text):
            continue  # What is quoted is an example, but for a notice (`> [!IMPORTANT]`).
        section = _Section([text for _, text in headings], kind)
        if part.kind == "prose":
            lead = part.text
        elif _THEIRS.search(lead):
            continue  # `They help because they:` says what they do, not what somebody has to.
        for text, line in _sentences(part):
            words = re.sub(r"^\[[ xX]\]\s*", "", plain(text))
            if not 12 <= len(words) <= 2 * RULE or "?" in words or words.endswith(":") or "](" in words:
                continue
            step = part.kind == "item"
            if template and (words.count(" ") < 2 or _CHOICE.match(words) or _CHOICES.search(section.heading)):
                continue
            if template and (_INVITES.search(words) or _BOXES.search(words)):
                continue
            before = Moment.COMMIT if template and step else section.moment(text, words, step=step, nested=nested)
            if before is not None:
                yield RepoRule(quote(words, RULE), before, name, line)


class _Section:
    """What the headings above a sentence say about it."""

    def __init__(self, headings: list[str], kind: DocumentKind) -> None:
        below = " / ".join(headings)
        self.heading = headings[-1] if headings else ""
        self.kind = kind
        about = headings if kind is DocumentKind.OTHER else [below]
        contributing = _PROCESS if kind is DocumentKind.OTHER else _INVITING if kind is _README else _COMMITTING
        releasing = _PUBLISHING if kind in (DocumentKind.OTHER, _README) else _RELEASING
        self.committing = any(contributing.search(text) for text in about)
        asides = (*map(_ASIDE.search, headings[-1:]), *map(_REVIEWING.search, headings))
        self.aside = any(asides)
        self.preparing = bool(headings) and _PREPARING.search(headings[-1]) is not None
        self.releasing = kind is DocumentKind.RELEASE or any(releasing.search(text) for text in headings)

    def moment(self, text: str, words: str, *, step: bool, nested: bool) -> Moment | None:
        """Return what the sentence has to be heeded before; None if it is no rule."""
        if self.kind is not DocumentKind.OTHER and _HANDS_OFF.search(_NO_DUTY.sub("", words)):
            return Moment.COMMIT
        if (nested and not self.committing) or self.aside:
            return None
        if _CONTENTS.fullmatch(text) or (_THEY.search(words) and not _FIRM.search(words) and "lease" not in words):
            return None
        found = self._asked_for(text, words, step=step)
        if (
            found is None
            or _ILLUSTRATES.search(words)
            or _INVITES.search(words)
            or _NOTIFIES.search(words)
            or _NEEDED.search(words)
            or _OPENS.match(words)
        ):
            return None
        usual = _WORKFLOW.fullmatch(words) or (_TOWARDS.match(words) and not _PARTICULAR.search(words))
        return None if usual and not self.releasing else found

    def _asked_for(self, text: str, words: str, *, step: bool) -> Moment | None:
        """Return the same by what the sentence asks for. It may still be an invitation, or be about something else."""
        label = _LABEL if self.kind is DocumentKind.AGENTS else _TITLE
        said = _NO_DUTY.sub("", label.sub("", plain(_INLINE_CODE.sub("`x`", text))))  # `should` may be code
        asked = _ASKED.search(said) is not None
        obliged = asked or _WEAK.search(said) is not None
        code = _INLINE_CODE.finditer(text) if self.releasing or self.kind is DocumentKind.README else ()
        runs = any(purpose_of(one[2]) is not None for one in code)
        if step and self.releasing and (obliged or runs):
            stated = self.kind in (DocumentKind.README, DocumentKind.OTHER) and _RUNS_ONLY.fullmatch(text)
            return None if stated else Moment.RELEASE  # A step that only runs a command is among the commands.
        committing: object
        if self.preparing and self.kind is not DocumentKind.AGENTS:  # how to get it to run, not how to change it
            return Moment.COMMIT if asked and _COMMIT.search(words) else None
        match self.kind:
            case DocumentKind.OTHER:
                committing = self.committing and asked and _COMMIT.search(words)
            case DocumentKind.README:
                # Most that a README asks for is an invitation: `Please open a pull request`.
                sure = _FIRM.search(said) is not None
                changes = self.committing and (not step or _CHANGE.search(words) is not None)
                checked = asked and (runs or _FIRST.search(words)) and _COMMIT.search(words)
                committing = self._signed(words) or (sure and (changes or _COMMIT.search(words))) or checked
            case DocumentKind.AGENTS:
                committing = asked
            case _:
                changes = (step and self.committing) or _CHANGE.search(words) is not None
                committing = self._signed(words) or (asked and changes) or (obliged and _COMMIT.search(words))
        committing = committing or (self.committing and not step and _DISCUSS.search(words))
        if self.kind not in (DocumentKind.README, DocumentKind.OTHER) and asked and _RELEASE.search(words):
            return Moment.RELEASE
        return Moment.COMMIT if committing else None

    def _signed(self, words: str) -> bool:
        """Return whether the sentence says under what terms contributions are accepted, or that they are not."""
        if _LEGAL.search(words) is not None:
            return self.committing or self.kind is DocumentKind.CONTRIBUTING
        return self.committing and _CLOSED.search(words) is not None


_README = DocumentKind.README
_INLINE_CODE = regex(r"(`{1,2})([^`\n]{3,200})\1")
_SENTENCE = regex(
    r"(?:(?<=[.!?:;])|(?<=[.!?]\)))(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bcf\.)(?<!\bvs\.)"
    r"\s+(?=[\"'`*A-Z(])|\n\s*\n|(?<=  )\n(?=\*\*)"
)
_LABEL = regex(r"^[A-Z][\w /&()-]{0,40}:\s+")
_TITLE = regex(r"^[A-Z][\w /&()-]{0,40}:\s+(?=[A-Z])")
_VERBS = (
    r"run|add|update|include|check|bump|sign|squash|rebase|write|keep|avoid|use|create|commit|push|tag|merge|follow|prefer"
    r"|wrap|define|document|format|test|focus|respect|describe|mention|discuss|open|provide|make sure|ensure"
    r"|modify|preserve|adhere|stick|split|reference|leave|mark|target|separate"
)
_NOUNS = (
    r"(test|format|document|commit|tag) (helpers?|cases?|files?|suites?|data|fixtures?|names?|lists?|messages?)\b"
    r"|merge conflicts?\b"
)
_IMPERATIVE = regex(
    rf"^((when|if|before|after|for)\b[^,.]{{3,80}}, )?(please |always |only )?"
    rf"(?!{_NOUNS})({_VERBS})(?=[\s,.]|$)(?! ?\()",
    re.IGNORECASE,
)
_ASKED = regex(
    rf"\b(must|shall|should|(is|are|be) (\w+ )?(mandatory|forbidden|prohibited)|please|make sure|ensure)\b"
    rf"|{_IMPERATIVE.pattern}"
    r"|(^|[,;:—>]\s+|\b(and|but|so|then)\s+)(do not|don'?t|never|always)\b(?! (an?|the|any|undefined|null)\b)",
    re.IGNORECASE,
)
_WEAK = regex(r"\b(need(s|ed)? to|have to|has to|required|requires|remember|expected)\b", re.IGNORECASE)
_NO_DUTY = regex(
    r"\b(want|wants|like|try|tries|trying|help|helps|work|works|used) to (make sure|ensure|always|never)\b|"
    r"(?<!please )\b(is|are|just|only|order|[a-z]+s) to (make sure|ensure)\b"
    r"|\b(will|can|and|that|which|they|it|this|helps?) ensures?\b|"
    r"\bnever [\w-]+(ed|en)\b|\b(is|are) always \w+(ed|en)\b|\b(that|which|who) (should|must|shall)\b|"
    r"\bshould (now|then|automatically|be able|see|appear)\b|^(in order )?to (make sure|ensure|avoid|keep|prevent)\b|"
    r"\b(I|we|they|it|he|she|this|that|which|who)('ll|'ve)?\s+((also|often|usually)\s+)?"
    r"(do not|don'?t|doesn'?t|never|always|have to|has to|needs?( to)?)\b|\byou (do not|don'?t)\b"
    r"|\b(do not|don'?t|does not|doesn'?t|not|no)\s+(need|have)\s+to\b|\bnot (required|expected)\b"
    r"|\b(do not|don'?t)\s+(have|know|want|need|like|see|mind|worry|expect|hesitate|feel|think|panic"
    r"|be (afraid|shy|alarmed|surprised)|block|flood|count|apply|matter)\b",
    re.IGNORECASE,
)
_INVITES = regex(
    r"\bplease (do |also )?(visit|see|refer|join|feel|check out|contact|consider|note|learn|look through|browse)\b"
    r"|\bcheck out\b|\bplease\s*$|\bwithout (reading|having read)\b|\bI (understand and agree|certify)\b"
    r"|\b(please( also)?|(make sure|ensure)( that)?( to| you(['’]ve| have)?)?) (carefully |first )?read\b"
    r"|\bread (this|the) ((entire|whole|full) )?(document|guide|page|file)\b"
    r"|\bplease take a (moment|minute)\b|\bshould (start|look|see|check) (here|at|out|with)\b"
    r"|\b(on|in) (our |the )?#?(\w+ on )?(IRC|Discord|Slack|Gitter|Matrix|Libera|Zulip|chat)\b"
    r"|\bplease let (us|me|the \w+)\b|\bfollow (the|these) (steps|instructions)\b|\bask\b.*\bhelp\b"
    r"|\bfeel free\b|\bjoin us\b|\bwelcome\b"
    r"|\bbe (\w+ )?(kind|nice|polite|patient|considerate|respectful|courteous)\b|\b(upset|offended|abusive|rude)\b"
    r"|\brespect (our|each|one|others?|their)\b",
    re.IGNORECASE,
)
_ILLUSTRATES = regex(
    r"^(but|and|or|however|otherwise)\b"
    r"|^(for (example|instance)|e\.g\.|i\.e\.|that is,|in other words)|\bnot (every|all)\b|\(not needed\b"
    r"|\b(they|we|(maintain|review)ers) should\b.*\byours?\b|^(\w+,? ){1,4}(them|these|those|that way)[.!]*$"
    r"|^(you|it|this|we|they) (can|may|could|might)\b|^\(.*\)[.!]*$"
    r"|\byou(['’]ll| will) (also )?(see|learn|find|notice|discover)\b",
    re.IGNORECASE,
)
"""An example, an exception, what others owe, or a sentence that only makes sense after the one before it."""

_THEIRS = regex(r"\b(it|they|which|that|this|we) ?:\s*$", re.IGNORECASE)
_CONTENTS = regex(r"\[[^\]\n]+\]\(#[^)\n]*\)\W*")
"""A line of a table of contents."""

_THEY = regex(
    r"\b(team|maintainers?|reviewers?|bot|we)( members?)? (will|may|might)\b|\b(might|may|will) require\b",
    re.IGNORECASE,
)
"""What others do with a change."""

_RUNS_ONLY = regex(r"\W*(run|execute|call|use|then)?:? ?(`{1,2})[^`]+\2(\s+[\w-]+){0,4}\W*", re.IGNORECASE)
_FIRM = regex(
    r"\b(must|shall|should(?! (now|be able|see|have)\b)|do not|don'?t|never|always)\b"
    r"|\b(is|are) (required|mandatory)\b",
    re.IGNORECASE,
)
_FIRST = regex(r"\b(before|prior to|each|every|all)\b", re.IGNORECASE)
_WORKFLOW = regex(
    r"(please )?((fork( it| the \w+| this \w+)?|clone( it| the \w+| this \w+| your fork)?"
    r"|(create|make|start)( a| an| your| the)?( new| own| feature| topic| git){0,3} branch"
    r"( for your (changes?|work)| (on|in) your fork)?( and work on \w+ \w+)?"
    r"|commit your changes?|write (the|your) code"
    r"|push( your (changes|commits|branch|fork))?( to( \w+){0,3} (branch|fork|origin|repo(sitory)?))?"
    r"|(open|create|submit|send|make)( up| in)?( a| your| the| us a)?( new| draft){0,2} (pull request|PR)"
    r"( (to|against) the \w+ branch( of( \w+){1,5})?)?)(,? and |, (then )?|(?=$|[ (:.!])))+"
    r"( ?\(.*\)|: git \S.*)?[.!]*",
    re.IGNORECASE,
)
_TOWARDS = regex(
    r"(please )?((create|make|start|check ?out)\b[^,.;]{0,40}\bbranch|push\b[^,.;]{0,40}\b(branch|fork)"
    r"|(create|open|submit|send|make) (a|your|the) (new )?(PR|pull request) (on|in|at|from) )\b",
    re.IGNORECASE,
)
_PARTICULAR = regex(
    r"\b(against|must|should|never|always|only|each|every|one|single|separate|named?|test\w*|sign\w*|before|first)\b",
    re.I,
)
"""The steps by which a change reaches any repo on GitHub, and the words that make a rule of them."""

_NEEDED = regex(
    r"\b(make sure|ensure)( that)? (the|you|your|all)\b[^.]{0,60}?"
    r"\b(running|installed|a running|up and|have (access|an? account))\b"
    r"|\b(run|use)\b[^,]{1,60}? to (bootstrap|start|serve|launch|generate|install|build|create|compile|see|view"
    r"|watch|open|get)\b(?!.*\b(before|commit|pull request|PR)\b)"
    r"|\bin (another|a (new|second|separate|different)) (terminal|shell|console)\b|^if you (only|just) (need|want)\b"
    r"|^if\b[^,]{0,60}\b(did|does|do)(n['’]t| not) (work|help|resolve|solve|start)",
    re.IGNORECASE,
)
"""What has to be there to work at all, how to get it, or what to do when it does not work."""

_OPENS = regex(r"(then )?open\b(?!.*\b(pull[- ]requests?|PRs?|merge requests?|issues?|tickets?|discussions?)\b)", re.I)
"""A program, a page or a folder is opened: that is a way, not a rule."""

_DISCUSS = regex(
    r"\b(open|write|create|file|start|submit|raise) (an?|a new|your) (\w+ )?(issue|ticket|discussion|proposal)\b.*"
    r"\b(first|before|beforehand)\b",
    re.IGNORECASE,
)
"""What has to be talked about before it is written."""

_NOTIFIES = regex(
    r"\b(create|open|file|submit) (an?|new) (\w+ )?issues?\b(?!.*\b(first|before|discuss))"
    r"|(^|, )(check|look|browse|search|find)\b.{0,40}\bissues? (labell?ed|tagged|marked|list|track)"
    r"|^(.*\bplease )?(check|search|look) .{0,20}\b(existing|github) issues\b"
    r"|\b(check|search|look|sure|ensure)\b.*\b(features?|suggestion|idea|bug|problem|fix|request)\b.*"
    r"\b(already|in progress|not exist|doesn['’]t exist)\b"
    r"|\b(replicate|reproduce)\b.*\b(problem|issue|bug)\b",
    re.IGNORECASE,
)
_ASIDE = regex(
    r"\b(issues?|bugs?|feature requests?|report(s|ing)?|vulnerabilit\w+|security|help|questions?|conduct"
    r"|review(s|ing|ers?)?|abandoned|triag\w+|translat\w+)\b(?!.*(pull request|\bPR\b|contribut))",
    re.IGNORECASE,
)
_BOXES = regex(r"\b(these|the|all) (check ?)?(boxes|items|points)\b", re.IGNORECASE)
_CHOICE = regex(
    r"(\W*)((bug|hot) ?fix|(new )?feature|breaking change|enhancement|refactor\w*|chore|other)\b(?! (has|is|are|must))",
    re.IGNORECASE,
)
_CHOICES = regex(
    r"\b(types?|kinds?) of (the )?(changes?|contributions?|PR|pull request)\b|\bchange type", re.IGNORECASE
)
_PREPARING = regex(
    r"^\W*((how to|local|quick|first|development|dev|initial|project)\s+)*"
    r"(set(ting)?[- ]?up|install(ation|ing)?|prerequisites?|requirements?"
    r"|get(ting)? started|quick ?start|start(ing)? (the|up|a)|running|run(?! (the )?(tests|checks|lint))"
    r"|environment|debug(ging)?|usage|troubleshooting|build(ing)? (from|the|it)|launch\w*|docker\b|configur\w+)",
    re.IGNORECASE,
)
_REVIEWING = regex(r"^(how to )?review(ing|s|ers?)\b|\b(code|peer) reviews?$", re.IGNORECASE)
_COMMIT = regex(
    r"\b(before|prior to|when|each|every|all|your|in|open(ing)?|submit(ting)?|creat(e|ing)|send(ing)?|for|a|the|any"
    r"|to|and|don'?t|not|never|until)\b[^.\n]{0,40}"
    r"\b(commit(s|ting|ted)?|pull[- ]requests?|PRs?|merge requests?|merg(ed|ing))\b"
    r"|\b(before|when) (you )?push(ing)?\b(?! notif)|\bpush(ing)? (to|your|it|any|directly)\b|\b(git|force)[- ]push"
    r"|\b(add|update|write|include|create|needs?|requires?)\b[^.\n]{0,40}"
    r"\b(change[- ]?log|changeset|news ?fragment|release notes?|CHANGES(\.\w+)?|HISTORY(\.\w+)?)\b",
    re.IGNORECASE,
)
_RELEASE = regex(
    r"\b(before|prior to|when|each|every|for|a|new|after)\b[^.\n]{0,30}"
    r"\b(releas(e|es|ing)|publish(ing)?|tag(ging)?|deploy(ing)?)\b",
    re.IGNORECASE,
)
_CHANGE = regex(
    r"\b(changes?|contributions?|contribut(e|ing)|patch(es)?|issues?|branch(es)?|fork|tests?|licensed?|code)\b",
    re.IGNORECASE,
)
_HANDS_OFF = regex(
    r"\b(do not|don'?t|never)\s+(\w+\s+)?(edit|modify|change|touch|commit)\b.{0,40}"
    r"\b(files?|by hand|manually|directly|generated)\b",
    re.IGNORECASE,
)
_LEGAL = regex(
    r"\b(contribution|contributed|submitted|submission)s?\b.{0,80}\b(licen[cs]|CLA\b|sign(ed)?[- ]off|DCO\b)",
    re.IGNORECASE,
)
_CLOSED = regex(r"\b(no longer|not)\s+(\w+\s+)?(tak|accept)ing\b.{0,30}\b(contribution|pull request)", re.IGNORECASE)
_INVITING = regex(r"contribut|pull request|commit|coding (style|standard)|code style|before you\b", re.IGNORECASE)
_COMMITTING = regex(
    r"commit|pull request|\bPRs?\b|submit|before you|checklist|merge|contribut|cod(e|ing) (style|standard)|must|rules|"
    r"conventions|definition of done|boundar|guidelines|do not|don'?t|never|always",
    re.IGNORECASE,
)
_PROCESS = regex(
    r"^(change management|contribut\w+|pull requests?|commits?( messages?| guidelines?)?|submitting .*)$", re.IGNORECASE
)
_RELEASING = regex(
    r"^(?!.*\b(notes|history|cycle|schedule|latest)\b).*\b(releas(e|ing)|publish|cut(ting)? a)", re.IGNORECASE
)
_PUBLISHING = regex(
    r"^(how to |creating|making|cutting|publishing|preparing|doing)?\s*((a|the|new)\s+)*releas(e|es|ing)"
    r"(\s+(process|checklist|procedure|steps|guide|a\b.*|the\b.*|new\b.*))?$|^publish(ing)?(\s+(guide|process|steps))?\b",
    re.IGNORECASE,
)


def _sentences(part: Piece) -> Iterator[tuple[str, int]]:
    text, at = part.text[:8000], 0
    for end in chain((match.span() for match in _SENTENCE.finditer(text)), [(len(text), len(text))]):
        if text.count("`", at, end[0]) % 2 == 1 and end[0] < len(text):
            continue  # in the middle of code
        sentence = text[at : end[0]]
        skipped = len(sentence) - len(sentence.lstrip())
        yield sentence.strip(), part.line + text.count("\n", 0, at + skipped)
        at = end[1]
