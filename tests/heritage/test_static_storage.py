"""Our modules import each other by the names that carry digests."""

from __future__ import annotations

from pathlib import Path

from heritage.static_storage import StaticStorage


def test_imports_are_hashed_in_our_scripts_and_packages_are_left_alone(tmp_path: Path):
    files = {
        "js/a.js": 'import { b } from "./b.js";\n',
        "js/b.js": "export const b = 1;\n",
        "package/c.js": 'import { d } from "./not-a-file.js";\n',
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    storage = StaticStorage(location=tmp_path, base_url="/static/")

    for _name, _hashed, error in storage.post_process(
        {name: (storage, name) for name in files}
    ):
        assert not isinstance(error, Exception), error

    hashed = storage.stored_name("js/b.js")
    assert hashed != "js/b.js"
    written = (tmp_path / storage.stored_name("js/a.js")).read_text()
    assert f'from "./{Path(hashed).name}"' in written
    kept = (tmp_path / storage.stored_name("package/c.js")).read_text()
    assert kept == files["package/c.js"]
