"""The iris training with scikit-learn. It does not look at the validation rows after each epoch: `fit` cannot."""

from __future__ import annotations

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.iris.table import BATCH, EPOCHS, HIDDEN, LEARNING_RATE, parts


def main() -> None:
    """Trains, and prints the accuracy on the validation and test rows."""
    train, validation, test = parts()
    model = MLPClassifier(
        (HIDDEN,),
        activation="tanh",
        solver="adam",
        alpha=0.0,
        batch_size=BATCH,
        learning_rate_init=LEARNING_RATE,
        max_iter=EPOCHS,
        tol=0.0,
        n_iter_no_change=EPOCHS,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it runs all epochs
        model.fit(*train)
    print(f"accuracy: validation {model.score(*validation):.4f}, test {model.score(*test):.4f}")


if __name__ == "__main__":
    main()
