"""Conditional MI and transfer entropy from a live node."""

from paired_topics import SIGNALS, first_matrix, noise, square, started
from robot_graph import Diagnosis, Feed, stamped, value

from infonet_ros.msg import MutualInformationMatrix

DRIVEN = {
    "/a": lambda t: stamped(t, noise(t, 0) + 0.3 * noise(t, 1), noise(t, 0)),
    "/b": lambda t: stamped(t, noise(t, 0) + 0.3 * noise(t, 2)),
}


def test_what_is_left_beside_a_driver(graph):
    _, matrix = first_matrix(graph, DRIVEN, given=["a.vector.y"])
    assert matrix.method == MutualInformationMatrix.METHOD_CONDITIONAL and list(matrix.given) == ["a.vector.y"]
    assert square(matrix)[0, 2] < 0.1 and list(matrix.valid) == [True, False, True]


def test_transfer_entropy_is_published_when_it_is_asked_for(graph):
    node, matrices = started(graph, transfer=True, past=2)
    transfers = graph.listen(MutualInformationMatrix, "/infonet/transfer")
    graph.until(lambda: node.count_subscribers("/infonet/transfer"))
    Feed(graph, node, SIGNALS).run(0.0, 6.5)
    transfer = graph.until(lambda: transfers and transfers[-1])
    assert transfer.method == MutualInformationMatrix.METHOD_TRANSFER
    assert list(transfer.names) == list(matrices[-1].names) and len(transfer.pairs) == 6
    assert (transfer.pairs[0].a, transfer.pairs[0].b) == ("a.vector.x", "a.vector.y")


def test_diagnostics_name_pairs_without_a_p_value_and_the_reason_for_each_kind_of_matrix(graph):
    slow = {
        "/a": lambda t: stamped(t, t + 0.1 * noise(t, 0), noise(t, 1)),
        "/b": lambda t: stamped(t, t + 0.1 * noise(t, 2)),
    }
    node, matrices = started(graph, transfer=True, surrogates=5)
    graph.listen(MutualInformationMatrix, "/infonet/transfer")
    graph.until(lambda: node.count_subscribers("/infonet/transfer"))
    Feed(graph, node, slow).run(0.0, 6.5)
    graph.until(lambda: matrices)
    kinds = "without a p-value", "without a p-value, transfer"
    estimator = Diagnosis(graph).until("infonet: estimator", lambda one: kinds[1] in {item.key for item in one.values})
    drifting = "both drift: compare their rates of change (a.vector.x and b.vector.x)"
    assert {value(estimator, kind) for kind in kinds} == {drifting}
