"""The commands of `python -m ml`, a module each: ``add`` its options, ``run`` it."""

from types import ModuleType

from ml.commands import (
    audit,
    crossvalidate,
    evaluate,
    fewshot,
    leaveout,
    parity,
    predict,
    remember,
    synthesize,
    train,
)

COMMANDS: dict[str, ModuleType] = {
    "audit": audit,
    "train": train,
    "evaluate": evaluate,
    "predict": predict,
    "remember": remember,
    "synthesize": synthesize,
    "fewshot": fewshot,
    "crossvalidate": crossvalidate,
    "leaveout": leaveout,
    "parity": parity,
}
