"""The commands that judge what was learnt, and search for better."""

import click

from overture.cli.options import day_option, form_option, show, whole_number
from overture.settings import Settings


@click.command("evaluate")
@click.option("--from", "first", required=True, metavar="YYYY-MM-DD", help="The first day whose lists are judged.")
@click.option("--to", "last", required=True, metavar="YYYY-MM-DD", help="The last one, included.")
@click.option("--every", default="1", show_default=True, metavar="N", help="Judge every so many days of these.")
@click.option("--strategies", metavar="A,B", help="Of config/strategies.toml; otherwise all that need not be named.")
@click.option("--prepare", is_flag=True, help="Make lists that are missing, and land the days after them.")
@form_option
def evaluate_command(prepare: bool, form: str, **asked: str | None) -> None:
    """Judge what was recommended on past days by what users did next, beside other strategies."""
    from overture.backtesting import Order, backtest
    from overture.core.days import parse_day

    first, last = (parse_day(str(asked[name])) for name in ("first", "last"))
    names = asked["strategies"]
    order = Order(first, last, whole_number(str(asked["every"]), "--every"), tuple(names.split(",")) if names else None)
    show(backtest(Settings.from_environment(), order, lambda line: click.echo(line, err=True), prepare=prepare), form)


@click.command("tune")
@day_option
@click.option("--trials", metavar="N", help="Try at most so many configurations (default: config/tuning.toml).")
@click.option("--minutes", metavar="M", help="Begin no trial after so many minutes (default: config/tuning.toml).")
def tune_command(day: str, trials: str | None, minutes: str | None) -> None:
    """Search better parameters of the factors as of a day, and decide whether later days are made with them."""
    import time

    from overture.core.days import parse_day
    from overture.tuning import Order, tune

    most, limit = (
        None if text is None else whole_number(text, option)
        for text, option in ((trials, "--trials"), (minutes, "--minutes"))
    )
    order = Order(parse_day(day), most, limit)
    tuned = tune(Settings.from_environment(), order, lambda line: click.echo(line, err=True), time.monotonic)
    click.echo(f"{tuned.verdict.reason}\nCandidate and report: {tuned.folder}")


@click.command("train-ranker")
@day_option
def train_ranker_command(day: str) -> None:
    """Learn as of a day in which order items are bought, and decide whether later days are ranked so."""
    from overture.core.days import parse_day
    from overture.reranking import train_ranker

    click.echo(train_ranker(Settings.from_environment(), parse_day(day)).reason)


@click.command("tune-copy-model")
@day_option
@click.option("--minutes", metavar="M", help="Train for at most so many minutes (default: config/copy_tuning.toml).")
def tune_copy_model_command(day: str, minutes: str | None) -> None:
    """Tune the copy model as of a day, and decide whether later days are written by it."""
    from overture.copy_tuning import Order, tune
    from overture.core.days import parse_day

    order = Order(parse_day(day), None if minutes is None else whole_number(minutes, "--minutes"))
    tuned = tune(Settings.from_environment(), order, lambda line: click.echo(line, err=True))
    click.echo(f"{tuned.verdict.reason}\nModel card: {tuned.folder / 'model_card.md'}")
