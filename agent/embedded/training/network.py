"""The network: a small encoder, and for each field whether it is told, where, and which option."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from agent.embedded.model.encoding import LONGEST, Kind

WIDTH, HEADS, LAYERS, INNER = 384, 12, 6, 1536
_REACH = 256  # of the pointer heads
_NEVER = -1e4


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.after_attention = nn.LayerNorm(WIDTH, eps=1e-12)
        self.up = nn.Linear(WIDTH, INNER)
        self.down = nn.Linear(INNER, WIDTH)
        self.after_inner = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        rows, tokens, _ = x.shape
        query, key, value = self.qkv(x).view(rows, tokens, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        heard = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = self.after_attention(x + self.out(heard.transpose(1, 2).reshape(rows, tokens, WIDTH)))
        return self.after_inner(x + self.down(functional.gelu(self.up(x))))


class Pointer(nn.Module):
    """How well each place answers each field."""

    def __init__(self) -> None:
        super().__init__()
        self.asking = nn.Linear(WIDTH, _REACH)
        self.answering = nn.Linear(WIDTH, _REACH)

    def forward(self, fields: Tensor, places: Tensor) -> Tensor:
        """[..., fields, width] and [..., places, width] to [..., fields, places]."""
        return self.asking(fields) @ self.answering(places).transpose(-1, -2) / _REACH**0.5


class Network(nn.Module):
    def __init__(self, words: int) -> None:
        super().__init__()
        self.register_buffer("words", torch.zeros(words, WIDTH, dtype=torch.int8))
        self.register_buffer("scales", torch.zeros(words, 1))
        self.positions = nn.Embedding(LONGEST, WIDTH)
        self.kinds = nn.Embedding(len(Kind), WIDTH)
        self.entry = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.told = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, 2))
        self.start, self.end, self.option, self.line = Pointer(), Pointer(), Pointer(), Pointer()

    def keep_words(self, places: list[int]) -> None:
        self.words, self.scales = self.words[places], self.scales[places]

    def body(self, ids: Tensor, kinds: Tensor, here: Tensor | None) -> Tensor:
        """The word vectors are frozen, and kept as they will be shipped: as small integers and a scale."""
        words = self.words[ids].float() * self.scales[ids]
        x = self.entry(words + self.positions.weight[: ids.shape[1]] + self.kinds(kinds))
        mask = None if here is None else torch.where(here[:, None, None, :], 0.0, _NEVER)
        if mask is not None and torch.is_autocast_enabled("cpu"):
            mask = mask.bfloat16()
        for layer in self.layers:
            x = layer(x, mask)
        return x.float()

    def forward(self, ids: Tensor, kinds: Tensor, here: Tensor | None, fields: Tensor, options: Tensor, lines: Tensor):  # noqa: ANN201, PLR0917 -- as torch calls it
        x = self.body(ids, kinds, here)
        asked = _picked(x, fields)
        rows, count, most = options.shape
        offered = _picked(x, options.view(rows, count * most)).view(rows, count, most, WIDTH)
        chosen = self.option(asked.unsqueeze(2), offered).squeeze(2)
        return self.told(asked), self.start(asked, x), self.end(asked, x), chosen, self.line(asked, _picked(x, lines))


def _picked(x: Tensor, places: Tensor) -> Tensor:
    return torch.gather(x, 1, places.unsqueeze(-1).expand(-1, -1, x.shape[-1]))
