"""Static files under names that carry their content's digest."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Also writes the digests into the imports of our modules.

    Of ours alone: Django would do it for every script or for none, and packages'
    scripts import by names that are no files.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (
            "js/*.js",
            CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[
                1
            ],
        ),
    )
