"""Windows from the newest step on are those of the turned history from its oldest on."""

from __future__ import annotations

import torch

from blockrec.blocks.sequence.multi_window_din import MultiWindowDIN
from blockrec.jagged import Jagged, offsets_of


def test_windows_begin_at_either_end() -> None:
    torch.manual_seed(0)
    lengths = torch.tensor([0, 1, 3, 9, 6])
    steps, query = torch.randn(19, 4), torch.randn(5, 3)
    keys = Jagged(steps, offsets_of(lengths), 9)
    turned = keys.like(torch.cat([part.flip(0) for part in steps.split(lengths.tolist())]))
    newest = MultiWindowDIN(3, 4, windows=[1, 2, 4], hidden=[5])
    oldest = MultiWindowDIN(3, 4, windows=[1, 2, 4], hidden=[5], begin="oldest")
    oldest.load_state_dict(newest.state_dict())
    torch.testing.assert_close(newest(query, keys), oldest(query, turned), rtol=0, atol=1e-6)
    assert not torch.allclose(newest(query, keys), oldest(query, keys), atol=1e-3)
