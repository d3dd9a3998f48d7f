import pytest

from overture.pages.theme import SCHEMES, SERIES, vega_config


def brightness(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((brightness(one), brightness(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_texts_can_be_read_on_every_ground(scheme: str) -> None:
    colours = SCHEMES[scheme]
    for text in ("ink", "faint", "accent", "good", "bad"):
        for ground in ("paper", "card"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert contrast(colours["ink"], colours["mark"]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_marks_of_a_chart_stand_out_from_its_ground(scheme: str) -> None:
    for colour in SERIES[scheme]:
        assert contrast(colour, SCHEMES[scheme]["card"]) >= 3, colour
    assert vega_config(scheme)["range"]["category"] == list(SERIES[scheme])
