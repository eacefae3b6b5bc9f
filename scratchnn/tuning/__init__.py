"""What a config can say about a search for better settings: spaces, samplers and pruners, on Optuna.

Nothing here imports Optuna before a search begins.
"""
