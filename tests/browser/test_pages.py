"""How the pages are served: policy, caching, ready compression, any prefix, little weight."""

from __future__ import annotations

import re
from gzip import decompress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from chatlog.settings import Settings
from chatlog.web.app import create_app
from tests.browser.person import Person
from tests.support.server import Server


async def test_pages_and_assets_have_their_headers(server: Server) -> None:
    async with ClientSession(auto_decompress=False) as http:
        for path in ("/", "/audit", "/embed/general"):
            async with http.get(server.url + path, headers={"Accept-Encoding": ""}) as answer:
                page = await answer.text()
                assert answer.headers["Cache-Control"] == "no-cache"
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
            assert "<script>" not in page
            assert "style=" not in page
            assets = re.findall(r'(?:src|href)="(assets/[^"]+)"', page)
            assert len(assets) > 3
            for asset in assets:
                headers = {"Accept-Encoding": "br"}
                async with http.get(f"{server.url}/{asset}", headers=headers) as answer:
                    assert answer.status == 200
                    assert answer.headers["Content-Encoding"] == "br"
                    assert "immutable" in answer.headers["Cache-Control"]
        async with http.get(f"{server.url}/assets/nothing-AAAAAAAA.js") as answer:
            assert answer.status == 404
            assert "immutable" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_first_load_is_under_43_kilobytes_of_script(
    server: Server, language: str
) -> None:
    async with ClientSession(auto_decompress=False) as http:
        headers = {"Accept-Encoding": "", "Accept-Language": language}
        async with http.get(f"{server.url}/", headers=headers) as answer:
            page = await answer.text()
        total = 0
        for asset in set(re.findall(r'(?:src|href)="(assets/[^"]+\.js)"', page)):
            headers = {"Accept-Encoding": "gzip"}
            async with http.get(f"{server.url}/{asset}", headers=headers) as answer:
                body = await answer.read()
            assert decompress(body)
            total += len(body)
    assert 1_000 < total < 43_000


async def test_the_pages_work_under_a_prefix(browser: Any, tmp_path: Path) -> None:
    outer = web.Application()
    inner = create_app(Settings(database=f"sqlite:///{tmp_path}/mounted.db"))
    outer.add_subapp("/irc/logs", inner)
    async with TestServer(outer) as mounted:
        url = str(mounted.make_url("/irc/logs"))
        ada = await Person.open(browser, url, "ada")
        requested: list[str] = []
        ada.page.on("request", lambda request: requested.append(request.url))
        await ada.join("a room & more")
        await ada.say("under a prefix")
        await ada.sees("under a prefix")
        await ada.page.get_by_role("link", name="Time machine").click()
        await expect(ada.page.locator(".verdict.whole")).to_be_visible()
        await ada.page.get_by_role("link", name="Open chat").click()
        await ada.sees("under a prefix")
        assert all(each.startswith((f"{url}/", "data:")) for each in requested)
        await ada.close()
