from evaluation.timings import Stopwatch, Timing


def test_percentiles_are_durations_that_were_measured() -> None:
    assert Timing.of([float(number) for number in range(1, 201)]) == Timing(count=200, p50=100.0, p95=190.0, p99=198.0)
    assert Timing.of([7.0]) == Timing(count=1, p50=7.0, p95=7.0, p99=7.0)


def test_stages_are_kept_apart() -> None:
    stopwatch = Stopwatch()
    stopwatch.add("search", 2.0)
    stopwatch.add("judge", 4.0)
    with stopwatch.stage("search"):
        pass
    assert {name: timing.count for name, timing in stopwatch.timings().items()} == {"search": 2, "judge": 1}
