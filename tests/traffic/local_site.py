"""A server of many hosts, one process: shops that keep what they promise, shops that do not, and the companies whose code they load.

`python local_site.py FOLDER` writes its port into FOLDER/port. What each page was asked with is in FOLDER/asked, a line a request.
"""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PANEL = """
<div id="panel" role="dialog" aria-label="Your choice" hidden><p>May others count visits?</p>
<button id="no">Refuse</button> <button id="yes">Accept</button></div>
<script>
const panel = document.getElementById('panel'), chosen = (document.cookie.match(/choice=(\\w+)/) || [])[1];
const run = () => { const s = document.createElement('script'); s.src = 'http://cdn.counters.test/c.js'; document.head.append(s); };
if (chosen === 'yes' %(or_always)s) run();
if (!chosen && !navigator.globalPrivacyControl) panel.hidden = false;
const choose = says => { %(keep)s panel.hidden = %(gone)s; if (says === 'yes') run(); };
document.getElementById('no').onclick = () => choose('no');
document.getElementById('yes').onclick = () => choose('yes');
</script>"""
KEEP = "document.cookie = `choice=${says}; path=/; max-age=31536000`;"
GOOD = {"or_always": "", "keep": KEEP, "gone": "true"}
FOOT = '<p><a href="http://privacy.test/choices">Your privacy choices</a></p>'


def page(body, foot=FOOT):
    return f"<!doctype html><html lang=en><title>Shop</title><h1>Shop</h1>{body}{foot}</html>"


PAGES = {
    "good.test": {
        "/": page(
            PANEL % GOOD + '<a href="/goods?ref=mail">Goods</a> <a href="http://carriers.test/track?parcel=7">Our carrier</a>'
            ' <a href="/terms">Terms</a>'
        ),
        "/goods": page(PANEL % GOOD + "<script>localStorage.setItem('cart', '[]')</script>"),
        "/terms": page(PANEL % GOOD),
    },
    "early.test": {
        "/": page(
            PANEL
            % GOOD
            + "<script>document.cookie = '_ga=GA1.1.5; path=/; max-age=63072000'; localStorage.setItem('shopperno', '17')</script>"
            '<script src="http://static.hotjar.com/c/hotjar-1.js?sv=6"></script><img src="http://pixels.test/p.gif?page=/medicine" alt="">'
        )
    },
    "deaf.test": {"/": page(PANEL % {"or_always": "|| true", "keep": KEEP, "gone": "true"})},
    "forgetful.test": {"/": page(PANEL % {"or_always": "", "keep": "", "gone": "true"})},
    "stuck.test": {"/": page(PANEL % {"or_always": "", "keep": KEEP, "gone": "false"})},
    "sided.test": {"/": page((PANEL % GOOD).replace(">Refuse<", ">Manage settings<"))},
    "silent.test": {"/": page("")},
    "german.test": {
        "/": page((PANEL % GOOD).replace(">Refuse<", ">Nur notwendige Cookies<").replace(">Accept<", ">Alle akzeptieren<")),
    },
    "framed.test": {
        "/": page(
            "<iframe id=f src=/frame title=choice></iframe><script>onmessage = e => { document.cookie = `choice=${e.data}; path=/`; "
            "f.remove(); if (e.data === 'yes') new WebSocket('ws://hits.counters.test/live?uid=77'); }; "
            "if (document.cookie) f.remove();</script>"
        ),
        "/frame": "<button onclick=\"parent.postMessage('no')\">No, thanks</button>"
        "<button onclick=\"parent.postMessage('yes')\">OK</button>",
    },
    "silent.localhost": {"/": page("")},
    "astray.test": {
        "/": page(
            PANEL % GOOD,
            '<a href="http://privacy.test/gone">Privacy policy</a> <a href="http://privacy.test/empty">Do not sell my data</a> '
            '<a href="http://privacy.test/home">Your choices</a> <a href="http://privacy.test/choices#nothing">Cookie settings</a>',
        )
    },
    "privacy.test": {
        "/": "<!doctype html><title>P</title><h1>Privacy</h1>",
        "/choices": "<!doctype html><title>P</title><h1>Your choices</h1><form><button>Stop</button></form>",
        "/empty": "<!doctype html><title>P</title><h1>Do not sell</h1><p>Write to us.</p>",
    },
    "cdn.counters.test": {
        "/c.js": "document.cookie = '_vc=1; path=/; max-age=86400'; new Image().src = 'http://hits.counters.test/h?uid=12345';"
    },
    "hits.counters.test": {"/h": ""},
    "static.hotjar.com": {"/c/hotjar-1.js": "navigator.sendBeacon('http://static.hotjar.com/beacon?id=99', 'x');", "/beacon": ""},
    "pixels.test": {"/p.gif": ""},
    "counters.localhost": {
        "/c.js": "document.cookie = '_vc=1; path=/; max-age=86400'; localStorage.setItem('_vc_seen', '1');",
        "/held.js": "window.held = true;",
        "/held.gif": "",
    },
    "offers.localhost": {"/offer.js": "window.offered = true;"},
}


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        host = (self.headers.get("Host") or "").partition(":")[0]
        path = self.path.partition("?")[0]
        with LOCK, (FOLDER / "asked").open("a") as asked:
            asked.write(f"{host}{self.path} gpc={self.headers.get('Sec-GPC', '')}\n")
        if path in {"/home", "/away", "/round"}:
            self.send_response(302)
            self.send_header("Location", {"/home": "/", "/away": "http://good.test/", "/round": "/round"}[path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        found = PAGES.get(host, {}).get(path)
        if path == "/counted":
            asked = parse_qs(urlsplit(self.path).query)
            address = f"http://events.localhost:{asked['events'][0]}"
            step = f'<p data-upheld-event="{asked["step"][0]}">Thank you</p>' if "step" in asked else ""
            found = page(
                f'<script src="{address}/e.js" defer></script><noscript><img src="{address}/e.gif?p=/quiet" alt=""></noscript>{step}'
            )
        if path == "/panelled":
            found = self.panelled(parse_qs(urlsplit(self.path).query))
        body = (found or "").encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "text/javascript" if path.endswith(".js") else "text/html; charset=utf-8")
        if host == "pixels.test":
            self.send_header("Set-Cookie", "px=1; Path=/")
        if path == "/panelled":
            self.send_header("Content-Security-Policy", CSP)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def panelled(self, asked):
        centre = f"http://centre.localhost:{asked['centre'][0]}"
        more = f' data-region="{asked["region"][0]}"' if "region" in asked else ""
        lang, port = asked.get("lang", ["en"])[0], self.server.server_address[1]
        return (
            f'<!doctype html><html lang="{lang}"><meta name="viewport" content="width=device-width"><title>Shop</title>'
            f'<script src="{centre}/panel.js"{more}></script><main><h1>Shop</h1>'
            f'<img data-tag="visits" data-src="http://counters.localhost:{port}/held.gif" alt="">'
            f'<script type="text/plain" data-tag="visits" data-src="http://counters.localhost:{port}/held.js"></script>'
            f'<script type="text/plain" data-tag="offers" data-src="http://offers.localhost:{port}/offer.js"></script>'
            f'<a href="{centre}/choices">Your privacy choices</a></main></html>'
        )

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def log_message(self, *_):
        pass


FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
CSP = (
    "default-src 'none'; script-src http://centre.localhost:* http://counters.localhost:* http://offers.localhost:*; "
    "connect-src http://centre.localhost:*; img-src http://counters.localhost:*"
)
LOCK = threading.Lock()

if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    (FOLDER / "port.new").write_text(str(server.server_address[1]))
    (FOLDER / "port.new").rename(FOLDER / "port")
    server.serve_forever()
