"""The view of the knowledge base: a question in words, and what is advised."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect


def test_a_question_is_answered_with_advice_that_stays_over_a_reload(page: Page) -> None:
    page.goto("/ui/#/knowledge")
    page.get_by_role("link", name="vocals sound muddy").click()
    expect(page.get_by_label("Question")).to_have_value("vocals sound muddy")
    entries = page.locator(".entries > li")
    muddy = entries.filter(has_text=re.compile("200.*400 Hz")).first
    expect(muddy.locator("mark").first).to_be_visible()
    page.get_by_label("Question").fill("loudness for streaming")
    expect(entries.first).to_contain_text("LUFS")
    expect(page).to_have_url(re.compile(r"#/knowledge\?q=loudness\+for\+streaming|q=loudness%20for%20streaming"))
    page.reload()
    expect(entries.first).to_contain_text("LUFS")
    page.get_by_label("Question").fill("xylophonequark")
    expect(entries).to_have_count(0)
    expect(page.get_by_text("No entry has enough of the question.")).to_be_visible()


@pytest.mark.slow
def test_advice_that_cannot_be_had_says_why_and_is_tried_again(refused_page: Page) -> None:
    asked = re.compile(r"/api/knowledge/search")
    refused_page.route(asked, lambda route: route.abort("connectionrefused"))
    refused_page.goto("/ui/#/knowledge?q=muddy+vocals")
    problem = refused_page.locator(".problem-box")
    expect(problem).to_contain_text("The server does not answer.")
    refused_page.unroute(asked)
    problem.get_by_role("button", name="Try again").click()
    expect(refused_page.locator(".entries > li").first).to_be_visible()
