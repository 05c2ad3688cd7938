"""What runs and evaluations complain of, in the reader's language.

``python -m ml`` and the site's own code complain in English. The log and the database
keep that line; pages show the sentence that is known for it, or else the line.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext, gettext_noop

from classifier.labels import UNKNOWN_LABELS

ERROR = "error: "
UNREADABLE = gettext_noop(
    "These photos cannot be read: %(photos)s. Take them out, build a new dataset "
    "version and try again."
)
MODEL = gettext_noop(
    "The model that was given cannot be read: its files are missing, or not as they "
    "were made."
)

_NO_MOTIF = rf"(?P<label>{'|'.join(UNKNOWN_LABELS)})"
_KNOWN = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (
            rf"^The label {_NO_MOTIF} is empty",
            gettext_noop(
                "The label %(label)s, for what is no motif, has no photo in this "
                "dataset."
            ),
        ),
        (
            rf"^The label {_NO_MOTIF} has one photo",
            gettext_noop(
                "The label %(label)s, for what is no motif, has only one photo. It "
                "needs at least two: one to learn from and one to check with."
            ),
        ),
        (
            rf"^All (?P<count>\d+) photos of {_NO_MOTIF} are of one group",
            gettext_noop(
                "All %(count)s photos of the label %(label)s, for what is no motif, "
                "are of one group. It needs photos of another one."
            ),
        ),
        (
            rf"^The label {_NO_MOTIF} has no (readable )?photo to learn from",
            gettext_noop(
                "The label %(label)s, for what is no motif, has no photo to learn from."
            ),
        ),
        (
            rf"^The label {_NO_MOTIF} has no (readable )?photo to check with",
            gettext_noop(
                "The label %(label)s, for what is no motif, has no photo to check with."
            ),
        ),
        (
            r"^The label (?P<label>\S+) is empty",
            gettext_noop("The motif %(label)s has no photo in this dataset."),
        ),
        (
            r"^The label (?P<label>\S+) has one photo",
            gettext_noop(
                "The motif %(label)s has only one photo. It needs at least two: one "
                "to learn from and one to check with."
            ),
        ),
        (
            r"^All (?P<count>\d+) photos of (?P<label>\S+) are of one group",
            gettext_noop(
                "All %(count)s photos of the motif %(label)s are of one cloth. It "
                "needs photos of another one."
            ),
        ),
        (
            r"^The label (?P<label>\S+) has no (readable )?photo to learn from",
            gettext_noop("The motif %(label)s has no photo to learn from."),
        ),
        (
            r"^The label (?P<label>\S+) has no (readable )?photo to check with",
            gettext_noop("The motif %(label)s has no photo to check with."),
        ),
        (
            r" are the same photo under two labels, (?P<one>\S+) and (?P<other>\S+):",
            gettext_noop(
                "One photo is in this dataset twice, as %(one)s and as %(other)s."
            ),
        ),
        (
            r" has one motif; there is nothing to tell apart",
            gettext_noop(
                "There is only one motif to learn; it takes two to tell apart."
            ),
        ),
        (
            r" holds no labels\.",
            gettext_noop("No photo of this dataset may be used any more."),
        ),
        (
            r" has no photos of motifs in its test split",
            gettext_noop("This dataset has no photo of a motif to test with."),
        ),
        (
            r"^None of the photos in .* can be read",
            gettext_noop("None of the photos to test with can be read."),
        ),
        (
            r"^The model knows none of the motifs",
            gettext_noop("The model knows none of the motifs of this dataset."),
        ),
        (
            r"No space left on device|Disk quota exceeded",
            gettext_noop("The disk is full. Make room and try again."),
        ),
        (
            r" needs TensorFlow, which is installed apart",
            gettext_noop(
                "TensorFlow is not installed where runs are done. Install it with "
                "`make .venv/train` and try again."
            ),
        ),
        (
            r"does not hold the weights of|does not fit the network"
            r"|is a network of another width|^There is no model folder"
            r"|is not a model: no |is not the file that was trained"
            r"|^The model folder .* ?has no |^The manifest('s)? "
            r"|^An unknown label cannot be stated|manifest\S* cannot be read"
            r"|does not hold a manifest|is not the network that its manifest"
            r"|^The model rejects by embeddings but has no "
            r"|^The embeddings |has no embeddings\.npz; train it again"
            r"|holds the network \w+, and |tflite does not run",
            MODEL,
        ),
        (
            r"^The file of photo (?P<number>\d+) is missing",
            gettext_noop("The file of photo %(number)s is missing."),
        ),
        (
            r"^The file of photo (?P<number>\d+) was altered",
            gettext_noop("The file of photo %(number)s was altered."),
        ),
        (
            r"^Another network is registered under the name (?P<version>\S+)\.",
            gettext_noop("Another network is registered under the name %(version)s."),
        ),
        (
            r"^There is no setting (?P<name>\w+)\.",
            gettext_noop("There is no setting %(name)s."),
        ),
    )
)


def found_in(said: str) -> str:
    """Return the last complaint in what ``python -m ml`` said; "" where there is none.

    Lines below it that are indented, such as the files it names, belong to it.
    """
    lines = said.splitlines()
    starts = [at for at, line in enumerate(lines) if line.startswith(ERROR)]
    if not starts:
        return ""
    first, *others = lines[starts[-1] :]
    complaint = [first.removeprefix(ERROR)]
    for line in others:
        if not line.startswith("  "):
            break
        complaint.append(line)
    return "\n".join(complaint)


def in_words(problem: str) -> str:
    """Return a stored problem as the reader is told of it.

    The code's own sentences are stored as they are in the code.
    """
    if problem.startswith("These photos cannot be read"):
        photos = re.findall(r"^  .*/(\d+)\.\w+: ", problem, re.MULTILINE)
        if photos:
            return gettext(UNREADABLE) % {"photos": ", ".join(photos)}
    for pattern, sentence in _KNOWN:
        if found := pattern.search(problem):
            return gettext(sentence) % found.groupdict()
    return gettext(problem) if problem else ""
