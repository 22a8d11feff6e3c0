"""The network of conditional mutual information: attention among several views of a pair."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from infonet_ros.estimator.network.pair_network import Attention, NetworkShape, Perceptron
from infonet_ros.estimator.network.quantiles import LEAST, corrected_mean, stretched_quantiles
from infonet_ros.estimator.samples.conditioning import MOST_SLICES

KINDS = 4  # of views: as the pair is, by narrow and wide conditional ranks, and in a slice of what is given
WHOLE = KINDS - 1  # views of all samples, which come first
MOST_VIEWS = WHOLE + MOST_SLICES
CIRCUMSTANCES = 8
DROPOUT = 0.2  # of the inputs, in training


@dataclass(frozen=True)
class ConditionalShape:
    """Sizes of the network; stored with the weights."""

    features: int = 259  # of a view, from the network of pairs
    width: int = 96
    heads: int = 4
    blocks: int = 2
    expansion: int = 2


@dataclass(frozen=True, eq=False)
class Views:
    """The network's input for M pairs, each in V views."""

    features: Tensor
    """(M, V, F) float: of each view, from `Network.features`; first the whole pair, as it is and by narrow and wide
    conditional ranks, then its slices."""
    share: Tensor  # (M, V) float32: share of the samples in each view; 0 if there is no such view
    circumstances: Tensor
    """(M, CIRCUMSTANCES) float32: numbers that are in no view, see `ConditionedPairs.circumstances`."""

    def __len__(self) -> int:
        return len(self.share)

    def __getitem__(self, index: Tensor | slice) -> "Views":
        return Views(self.features[index], self.share[index], self.circumstances[index])


class ConditionalNetwork(nn.Module):
    """Self-attention among views, which are its tokens; slices have no order.

    One slice alone is noisy. The view of all samples does not show a coupling whose sign changes with the given
    streams. The two together separate noise from such a coupling. The result is a weighted mean of the estimates of
    the network of pairs for each kind of view, times a correction. With many samples this mean is exact, and the
    correction is close to 1.
    """

    def __init__(self, shape: ConditionalShape) -> None:
        super().__init__()
        self.shape = shape
        self.stretch: Tensor
        self.centre: Tensor
        self.scale: Tensor
        self.register_buffer("stretch", torch.ones(2))  # of the interval below and above the median
        self.register_buffer("centre", torch.zeros(shape.features + CIRCUMSTANCES))  # of the inputs, in training
        self.register_buffer("scale", torch.ones(shape.features + CIRCUMSTANCES))
        sizes = NetworkShape(shape.width, shape.heads, shape.blocks, shape.expansion)
        self.dropout = nn.Dropout(DROPOUT)
        self.features_in = nn.Linear(shape.features + 1, shape.width)
        self.circumstances_in = nn.Linear(CIRCUMSTANCES, shape.width)
        self.kind = nn.Parameter(nn.init.trunc_normal_(torch.empty(KINDS, shape.width), std=0.02))
        self.attention = nn.ModuleList(Attention(sizes) for _ in range(shape.blocks))
        self.perceptrons = nn.ModuleList(Perceptron(sizes) for _ in range(shape.blocks))
        self.norm = nn.LayerNorm(shape.width)
        self.quantiles_out = nn.Sequential(
            nn.Linear(KINDS * (shape.width + 1), shape.width), nn.SiLU(), nn.Linear(shape.width, 3 + KINDS)
        )

    def in_precision(self, kind: torch.dtype) -> "ConditionalNetwork":
        """Convert the weights between the embedding of the views and the quantiles."""
        for module in (self.attention, self.perceptrons):
            module.to(kind)
        return self

    def forward(self, views: Views) -> Tensor:
        """Estimate the conditional MI of M pairs: 5, 50 and 95 % quantiles (M, 3), nats."""
        there = views.share > 0.0
        mask = None if there.all() else there
        tokens = self._embed(views).to(next(self.attention.parameters()).dtype)
        for attention, perceptron in zip(self.attention, self.perceptrons, strict=True):
            tokens = perceptron(attention(tokens, mask))
        medians = _by_kind(views.features[..., 1:2].float(), views.share) + LEAST
        described = torch.cat([_by_kind(self.norm(tokens.float()), views.share), torch.log(medians)], dim=-1)
        correction, below, above, *weights = self.quantiles_out(described.flatten(1)).unbind(dim=-1)
        median = corrected_mean(medians[..., 0], torch.stack(weights, dim=-1), correction)
        return stretched_quantiles(median, below, above, self.stretch)

    def _embed(self, views: Views) -> Tensor:
        """Return one token for each view, (M, V, width)."""
        centre, scale = (part.split([self.shape.features, CIRCUMSTANCES]) for part in (self.centre, self.scale))
        # The weights are divided in place of the features, which are many more.
        of_features, of_share = self.features_in.weight.split([self.shape.features, 1], dim=1)
        features = functional.linear(self.dropout(views.features.float() - centre[0]), of_features / scale[0])
        circumstances = (views.circumstances - centre[1]) / scale[1]
        share = torch.log(views.share.clamp_min(1e-3)).unsqueeze(-1)
        kinds = self.kind[torch.arange(views.share.shape[1], device=views.share.device).clamp_max(WHOLE)]
        common = (self.circumstances_in(circumstances) + self.features_in.bias).unsqueeze(1)
        return features + share * of_share[:, 0] + kinds + common


def _by_kind(values: Tensor, share: Tensor) -> Tensor:
    """Return values (M, V, W) of the views of the whole, and the mean over slices by their share: (M, KINDS, W)."""
    weights = share[:, WHOLE:] / share[:, WHOLE:].sum(dim=1, keepdim=True)
    return torch.cat([values[:, :WHOLE], (weights.unsqueeze(1) @ values[:, WHOLE:])], dim=1)
