"""The iris training with PyTorch."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.iris.table import BATCH, EPOCHS, HIDDEN, LEARNING_RATE, Rows, parts


def accuracy(model: nn.Module, rows: Rows) -> float:
    """The share of right classes."""
    x, y = map(torch.from_numpy, rows)
    with torch.no_grad():
        return (model(x).argmax(dim=1) == y).float().mean().item()


def main() -> None:
    """Trains, looks at the validation rows after each epoch, and prints the accuracy on validation and test rows."""
    torch.manual_seed(0)
    train, validation, test = parts()
    x, y = map(torch.from_numpy, train)
    model = nn.Sequential(nn.Linear(x.shape[1], HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    seen = 0.0
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
        seen = accuracy(model, validation)
    print(f"accuracy: validation {seen:.4f}, test {accuracy(model, test):.4f}")


if __name__ == "__main__":
    main()
