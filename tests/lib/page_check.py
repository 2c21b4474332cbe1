#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# A page as a browser takes it apart: does it do only what our templates do?
#
#	page_check.py FILE [TEXT]...
#
# Fails, and says why, if there is a script that is not a file of ours, a style
# or a handler of events in the page, an address that is not ours, or an
# element that no template of ours has; or if one of the texts is nowhere to be
# read, character by character, in the text, in a title or as a field's value.
import html.parser
import re
import sys

ELEMENTS = set("""
    a article aside body br button caption circle code dd defs desc details div
    dl dt fieldset figcaption figure footer form g h1 h2 h3 h4 head header hr
    html img input label legend li line link main meta nav noscript ol optgroup option
    output p path pre progress rect script section select small span strong
    summary svg table tbody td text textarea tfoot th thead time title tr ul
    use""".split())
ADDRESSES = {"href", "src", "action", "formaction", "data", "xlink:href",
             "poster", "background", "cite", "manifest", "ping", "srcset"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.wrong, self.read, self.seen, self.script = [], [], 0, False

    def handle_starttag(self, tag, attrs):
        self.seen += 1
        given = dict(attrs)
        self.script = tag == "script"
        if tag not in ELEMENTS:
            self.wrong.append(f"<{tag}> is in no template")
        if tag == "script" and not re.fullmatch(
                r"/static/[0-9a-f]{16}/[a-z_0-9]+\.js", given.get("src", "")):
            self.wrong.append(f"a script of its own: {attrs}")
        if tag == "meta" and "http-equiv" in given:
            self.wrong.append(f"a header in the page: {attrs}")
        for name, value in attrs:
            value = value or ""
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.wrong.append(f"<{tag} {name}>")
            if name in ADDRESSES and not re.match(
                    r"(/(?![/\\])|#|\?|https://[a-z.-]+(:\d+)?(/|$)|"
                    r"http://[a-z0-9.-]+(:\d+)?/|mailto:|$)", value):
                self.wrong.append(f"<{tag} {name}={value!r}>")
            if re.match(r"\s*(javascript|data|vbscript):", value, re.I) and \
                    name in ADDRESSES:
                self.wrong.append(f"<{tag} {name}={value!r}>")
            self.read.append(value)

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        if self.script and data.strip():
            self.wrong.append("a script in the page: " + data[:60])
        self.script = False
        self.read.append(data)

    def handle_comment(self, data):
        self.wrong.append("a comment: " + data[:60])


page = Page()
with open(sys.argv[1], encoding="utf-8") as f:
    page.feed(f.read())
page.close()
if page.seen == 0:
    page.wrong.append("this is no page")
for text in sys.argv[2:]:
    if not any(text in part for part in page.read):
        page.wrong.append(f"{text!r} is nowhere to be read")
for line in page.wrong:
    print(line)
sys.exit(1 if page.wrong else 0)
