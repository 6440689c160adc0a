import pytest

from api.phrases import preferred, say, verdict_sentence
from tests.api.publishing import VERDICT


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        ("pt", "pt-BR"),
        ("en-GB,pt;q=0.5", "en"),
        ("de,pt;q=0.3,en;q=0.2", "pt-BR"),
        ("de", "en"),
        ("pt;q=0", "en"),
        ("pt;q=x, *;;;=,", "en"),
        ("," * 5000, "en"),
    ],
)
def test_the_language_is_the_one_the_reader_likes_best(header, language):
    assert preferred(header) == language


def test_a_signal_is_told_with_its_interval():
    assert verdict_sentence(VERDICT, "en") == (
        "Better than a constant guess: on 1993 rows it had not seen, its mean squared error is "
        "lower (by 312.5, 95% interval 300.2 to 325)."
    )


@pytest.mark.parametrize(
    ("model_loss", "language", "words"),
    [
        (0.0, "en", "is 100% lower (by"),
        (16.5, "en", "is 95% lower (by"),
        (14_000.0, "pt-BR", "é 2,2% menor (em"),
        (1e9, "en", "is 0.000031% lower (by"),
    ],
)
def test_a_gain_is_told_in_percent_if_the_loss_is_known(model_loss, language, words):
    assert words in verdict_sentence(VERDICT, language, model_loss=model_loss)


def test_no_signal_is_told_plainly_in_portuguese():
    verdict = VERDICT | {"status": "no_signal", "improvement": -0.012345, "loss": "log_loss"}
    verdict["interval"] = [-0.02, 0.001]

    assert verdict_sentence(verdict, "pt-BR") == (
        "Não decida com base nisto: em 1993 linhas que não tinha visto, o modelo não se mostrou "
        "melhor que um palpite constante (ganho em log loss média: -0,01235, intervalo de 95%: "
        "-0,02 a 0,001)."
    )


def test_a_verdict_without_figures_gives_its_reason():
    verdict = VERDICT | {"status": "no_signal", "improvement": None, "interval": None}
    verdict["reason"] = "All 120 training rows are of the class 'High'."

    assert verdict_sentence(verdict, "en").endswith("guess. " + verdict["reason"])


def test_years_are_written_without_thousands_marks():
    words = say("above", "pt-BR", value=2030, limit=2024.0)

    assert words.startswith("2030 está acima do maior valor visto no treino, 2024;")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.00004868526, "0.00004869"),
        (-15312.24, "-15,312"),
        (9999.6, "10000"),
        (2024.0, "2024"),
        (0.0, "0"),
        (1e300, "1e+300"),
        (1.5, "1.5"),
        (199_000.25, "199,000"),
    ],
)
def test_numbers_are_written_for_people(value, written):
    assert say("above", "en", value=value, limit=0).startswith(f"{written} is above")
