"""Faults in language models: windows, the loss on each step, its figures, and drawing from what is said."""

from __future__ import annotations

from tests.faults.fault import Fault

SAMPLING = "nn/test_sampling.py"
STEPS = "nn/test_losses_steps.py"
FIGURES = "training/test_steps_of_texts.py"
METRICS = "nn/metrics/test_metrics.py"
CAUSALITY = "nn/test_causality.py"
VOCABULARY = "data/test_vocabulary.py"
PREPARING = "data/test_preparing_texts.py"
MODELS = "workflows/test_language_models.py"

FAULTS = (
    Fault(
        "temperature-multiplies",
        "nn/sampling.py",
        "np.exp(z / self.temperature)",
        "np.exp(z * self.temperature)",
        "a low temperature makes the draws less sure",
        SAMPLING,
    ),
    Fault(
        "top-k-keeps-one-more",
        "nn/sampling.py",
        "order[self.top_k :] if",
        "order[self.top_k + 1 :] if",
        "k + 1 classes can be drawn",
        SAMPLING,
    ),
    Fault(
        "top-p-drops-the-one-that-reaches-it",
        "nn/sampling.py",
        "np.cumsum(powers[order])[:-1]",
        "np.cumsum(powers[order])[1:]",
        "what is left has less than p together",
        SAMPLING,
    ),
    Fault(
        "top-p-of-shares-before-top-k",
        "nn/sampling.py",
        "        powers /= powers.sum()\n        if self.top_p is not None:",
        "        powers /= np.exp(z / self.temperature).sum()\n        if self.top_p is not None:",
        "p is a share of classes that top_k has ruled out too",
        SAMPLING,
    ),
    Fault(
        "ties-keep-the-last",
        "nn/sampling.py",
        'np.argsort(-z, kind="stable")',
        'np.argsort(z, kind="stable")[::-1]',
        "of equal classes the last are kept",
        SAMPLING,
    ),
    Fault(
        "draws-include-what-is-ruled-out",
        "nn/sampling.py",
        'side="right"))',
        'side="left"))',
        "a draw of 0 gives a class of probability 0",
        SAMPLING,
    ),
    Fault(
        "weights-of-samples-not-spread-over-steps",
        "nn/losses/steps.py",
        "mem.scratch.weights[...] = weights[:, None]",
        "mem.scratch.weights[...] = 1",
        "every sample weighs the same",
        STEPS,
    ),
    Fault(
        "steps-count-as-one-target",
        "nn/losses/steps.py::EachStep.targets_per_sample",
        "return self.steps",
        "return 1",
        "the mean of a step is over the samples, not their steps",
        FIGURES,
    ),
    Fault(
        "padding-is-judged",
        "training/evaluation.py",
        "real = np.ones(targets.shape, bool) if mask is None else mask",
        "real = np.ones(targets.shape, bool)",
        "figures count the steps that are padding",
        FIGURES,
    ),
    Fault(
        "perplexity-to-the-base-2",
        "nn/metrics/probabilities.py::Perplexity",
        "np.exp(negative",
        "np.exp2(negative",
        "perplexity takes nats for bits",
        FIGURES,
    ),
    Fault(
        "bits-per-token-in-nats",
        "nn/metrics/probabilities.py::BitsPerToken",
        "/ math.log(2)",
        "* math.log(2)",
        "bits per token are multiplied by log 2",
        METRICS,
    ),
    Fault(
        "likelihoods-of-a-sum-are-clipped",
        "nn/losses/combined.py",
        "return self.terms[0].loss.log_likelihoods(outputs, targets)",
        "return super().log_likelihoods(outputs, targets)",
        "perplexity is too low where a token is very improbable",
        STEPS,
    ),
    Fault(
        "windows-share-their-targets",
        "data/vocabulary.py",
        "for row in (ids[:-1], ids[1:])",
        "for row in (ids[:-1], ids[:-1])",
        "the target of a step is the token itself",
        VOCABULARY,
    ),
    Fault(
        "vocabulary-of-the-whole-text",
        "data/preparation.py",
        'TextInputs.fit(raw["train"],',
        "TextInputs.fit(settings.source.first.read(base),",
        "tokens of validation and test are in the vocabulary",
        PREPARING,
    ),
    Fault(
        "training-stride-for-every-part",
        "data/preparation.py",
        'source.stride if name == "train" else None',
        "source.stride",
        "steps of the test are judged several times",
        PREPARING,
    ),
    Fault(
        "halves-alone-are-compared",
        "nn/causality.py",
        "sorted({1, steps // 2, steps - 1})",
        "[steps // 2]",
        "a look ahead within a half goes unseen",
        CAUSALITY,
    ),
    Fault(
        "weights-of-0-hide-a-look-ahead",
        "nn/causality.py",
        "parameters += 0.1 *",
        "parameters += 0.0 *",
        "layers that start as 0 pass for causal",
        CAUSALITY,
    ),
    Fault(
        "unknown-is-drawn",
        "workflows/generate.py",
        "logits[UNKNOWN] = -np.inf",
        "logits[UNKNOWN] += 0",
        "a token that no text has can be drawn",
        MODELS + " -k unknown",
    ),
    Fault(
        "last-token-of-the-window-unread",
        "workflows/generate.py",
        "[:, [len(seen) - 1]]",
        "[:, [len(seen) - 2]]",
        "the next token is drawn from the outputs one step earlier",
        MODELS + " -k rhyme_is_learned",
    ),
)
