import pytest


@pytest.fixture
def graph():
    from robot_graph import Graph

    graph = Graph()
    yield graph
    graph.close()
