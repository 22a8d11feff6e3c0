"""Every method gives the same result on a GPU as on the processor."""

import numpy as np
import pytest
import torch

from infonet_ros import InfoNet

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
ROUNDING = 0.02  # nats, of a network in bfloat16

QUESTIONS = {
    "estimate": lambda net, data: net.estimate(data[:, 0], data[:, 1], surrogates=19),
    "pairwise": lambda net, data: net.pairwise(data, lags=[0, 2], surrogates=19),
    "lagged": lambda net, data: net.lagged(data[:, 0], data[:, 1], range(-3, 4)),
    "sliced": lambda net, data: net.sliced(data[:, :2], data[:, 2:], projections=32, surrogates=19),
    "groups": lambda net, data: net.pairwise_sliced(data, groups=[[0, 1], [2], [3, 4]], projections=32),
}


@pytest.fixture(scope="module")
def data():
    """Five dependent channels, of which one misses samples and one is constant."""
    rng = np.random.default_rng(0)
    samples = rng.standard_normal((3000, 5)) + rng.standard_normal((3000, 1))
    samples[::7, 3] = np.nan
    samples[:, 4] = 1.0
    return samples


@pytest.fixture(scope="module")
def on_gpu():
    return InfoNet.from_pretrained("cuda")


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_are_those_of_the_processor(net, on_gpu, data, question):
    ask = QUESTIONS[question]
    expected, found = vars(ask(net, data)), vars(ask(on_gpu, data))
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if value is None:
            assert found[name] is None
        else:
            atol = 0.15 if name == "p_value" else ROUNDING
            np.testing.assert_allclose(found[name], value, rtol=ROUNDING, atol=atol, err_msg=name)


def test_tables_and_their_readings_are_those_of_the_processor(net, on_gpu, data):
    x, y = data[:, 0], data[:, 1]
    np.testing.assert_allclose(on_gpu.discriminant(x, y), net.discriminant(x, y), atol=0.15)
    np.testing.assert_allclose(on_gpu.pointwise(x, y), net.pointwise(x, y), atol=0.15)


@pytest.mark.parametrize("home", ["cpu", "cuda"])
def test_values_and_gradients_come_back_to_where_the_samples_are(net, on_gpu, data, home):
    x, y = torch.from_numpy(data[:500, :2]).float().T.to(home)
    x.requires_grad_()
    value = on_gpu(x[None], y[None])
    value.sum().backward()
    assert value.device == x.grad.device == x.device
    reference = x.detach().cpu().requires_grad_()
    net(reference[None], y.cpu()[None]).sum().backward()
    cosine = torch.nn.functional.cosine_similarity(x.grad.cpu(), reference.grad, dim=0)
    assert cosine > 0.95


def test_the_same_bits_again(on_gpu, data):
    first, second = (on_gpu.pairwise(data, surrogates=19) for _ in range(2))
    for name in ("mi", "lower", "upper", "p_value"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_little_memory_is_enough(net, data):
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-3)  # of a card of 80 GB, 80 MB
    try:
        found = InfoNet.from_pretrained("cuda").pairwise(np.tile(data, 8), surrogates=9)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    np.testing.assert_allclose(found.mi[:3, :3], net.pairwise(data[:, :3]).mi, rtol=ROUNDING, atol=ROUNDING)
