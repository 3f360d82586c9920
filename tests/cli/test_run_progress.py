"""How far a run is told to be."""

from kehu.cli.run_progress import Forecast

BEFORE = {"features": 8.0, "rules": 2.0, "publish": 5.0}


def test_a_stage_is_told_with_its_place_and_the_rate_of_the_last_one() -> None:
    forecast = Forecast(BEFORE)
    assert forecast.tell("features", 0, 100.0) == "features (1 of 3)"
    assert forecast.tell("features", 3000, 102.0) == "features (1 of 3), features 3,000 rows at 1,500 a second"
    assert forecast.tell("rules", 0, 102.0) == "rules (2 of 3), features 3,000 rows at 1,500 a second"


def test_the_time_left_is_what_the_run_before_took_from_here_on() -> None:
    forecast = Forecast(BEFORE)
    forecast.tell("features", 0, 100.0)
    assert (forecast.seconds_left(100.0), forecast.seconds_left(106.0)) == (15.0, 9.0)
    forecast.tell("rules", 0, 110.0)
    assert (forecast.seconds_left(110.0), forecast.seconds_left(130.0)) == (7.0, 0.0)


def test_what_is_not_known_is_not_told() -> None:
    forecast = Forecast({})
    assert forecast.tell("features", 0, 100.0) == "features"
    assert forecast.tell("features", 10, 100.0) == "features, features 10 rows"
    assert forecast.seconds_left(101.0) is None
