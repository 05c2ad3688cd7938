"""Files that browsers run; they have no language."""

from django.urls import path, re_path

from classifier import files

urlpatterns = [
    re_path(
        r"^models/(?P<sha256>[0-9a-f]{64})\.tflite$",
        files.model_file,
        name="model-file",
    ),
    re_path(
        r"^models/(?P<sha256>[0-9a-f]{64})/memory/(?P<digest>[0-9a-f]{64})\.bin$",
        files.memory_file,
        name="memory-file",
    ),
    re_path(
        r"^prototypes/(?P<sha256>[0-9a-f]{64})\.bin$",
        files.prototypes_file,
        name="prototypes-file",
    ),
    re_path(
        r"^runtime/(?P<version>[0-9a-z.-]+)/(?P<name>[a-z_-]+\.(?:js|wasm))$",
        files.runtime_file,
        name="runtime-file",
    ),
    path("runtime/<str:version>/", files.runtime_file, name="runtime-folder"),
]
