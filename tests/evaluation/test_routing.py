from evaluation.baskets import Route, RoutingMessage
from evaluation.figures import Share
from evaluation.routing import compare_routes


def message(number: int, route: Route) -> RoutingMessage:
    return RoutingMessage(id=str(number), language="en", text="text", route=route)


def test_doubt_and_wrong_routes_both_count_as_wrong() -> None:
    messages = [message(1, "question"), message(2, "question"), message(3, "complaint"), message(4, "operator")]
    report = compare_routes(
        messages, ["question", "unsure", "question", "operator"], [("en", "question"), ("ru", "unsure")]
    )
    assert report.accuracy == {"en": Share(hits=2, total=4), "total": Share(hits=2, total=4)}
    assert report.questions_recognised["total"] == Share(hits=1, total=2)
    assert report.unsure == 1
    assert report.confusion["question"]["unsure"] == 1
    assert report.confusion["complaint"]["question"] == 1
    assert report.confusion["greeting"] == dict.fromkeys(report.confusion["greeting"], 0)
    assert [(failure.id, failure.wanted, failure.got) for failure in report.failures] == [
        ("2", "question", "unsure"),
        ("3", "complaint", "question"),
    ]
