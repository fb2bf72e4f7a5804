"""How pages look: all text can be read, and what people wrote keeps its marks."""

from __future__ import annotations

import re

import pytest

from supervisor.core.view.page.forms import answer_form
from supervisor.core.view.page.pen import Pen
from supervisor.core.view.page.style import CSS
from supervisor.domain.status import AskInfo

AA = 4.5  # WCAG 2.2, 1.4.3: the least contrast of text
STATES = ("done", "run", "wait", "you", "bad")
PAIRS = (
    *((ink, ground) for ink in ("ink", "soft", "link", *STATES) for ground in ("bg", "card")),
    *((one, f"{one}-bg") for one in STATES),
    *(("ink", f"{one}-bg") for one in STATES),
    *(("card", one) for one in STATES),  # buttons, and the names in the bars of the time line
    ("ink", "code"),
)


def luminance(colour: str) -> float:
    digits = "".join(2 * one for one in colour) if len(colour) == 3 else colour
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_all_text_stands_out_from_its_ground(look: str) -> None:
    light, dark = (dict(re.findall(r"--([\w-]+):#(\w+)", one)) for one in re.findall(r":root\{(.*?)\}", CSS, re.DOTALL))
    colours = light if look == "light" else dark
    weak = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in PAIRS}
    assert {pair: round(found, 2) for pair, found in weak.items() if found < AA} == {}
    assert round(contrast("000", "fff")) == 21


def test_what_people_wrote_keeps_code_and_bold_and_nothing_else() -> None:
    pen = Pen()
    assert pen.line("Choose **Add a device**, then `a ** b ** c`.") == (
        "Choose <b>Add a device</b>, then <code>a ** b ** c</code>."
    )
    assert pen.line("2**3**4 and ** no ** and **<i>**") == "2**3**4 and ** no ** and <b>&lt;i&gt;</b>"
    assert pen.words("**a**\nb") == '<div class="words"><b>a</b>\nb</div>'
    assert pen.clean("a\x1b]2;evil\x07b\x1b[2Jc\x1b]8;;x\x1b\\d\x1b]open") == "abcd]open"
    fenced = "Run it:\n\n```sh\nmake **<all>**\n```\nThen `stop`. ``` is no fence"
    shown = "Run it:<pre>make **&lt;all&gt;**\n</pre>Then <code>stop</code>. ``` is no fence"
    assert pen.words(fenced) == f'<div class="words">{shown}</div>'


def test_answers_that_an_ask_offers_stand_first_as_buttons_and_say_what_they_send() -> None:
    ask = AskInfo("A1", "question", None, None, "", "Which?", "", "", (), ("a <b>", "c", "reply TEXT"))
    buttons = re.findall(r'<button name="decision" value="([^"]+)"( class="good")?>([^<]+)<', answer_form(Pen(), ask))
    good = ' class="good"'
    assert buttons == [("word:a &lt;b&gt;", good, "a &lt;b&gt;"), ("word:c", good, "c"), ("text", "", "Reply")]


@pytest.mark.parametrize(
    ("forms", "main"), [(("accept", "decline"), "accept"), (("accept", "decline", "reply TEXT"), "text")]
)
def test_the_button_that_answers_what_was_asked_is_the_first_and_stands_out(forms: tuple[str, ...], main: str) -> None:
    ask = AskInfo("A1", "question", None, None, "", "Which port?", "", "", (), forms)
    buttons = re.findall(r'<button name="decision" value="(\w+)"( class="good")?>', answer_form(Pen(), ask))
    assert buttons[0] == (main, ' class="good"')
    assert [look for _, look in buttons[1:]] == [""] * (len(forms) - 1)
    assert {value for value, _ in buttons} == {"accept", "decline", "text"} & {main, "accept", "decline"}
