"""A mail provider in a process of its own, after listmonk's documented API (listmonk itself is no package that tests could fetch).

    python -m tests.systems.provider postgresql://… USER TOKEN

What the API's pages and the published schema say is done on a real PostgreSQL, as listmonk does it: `query` is SQL on `subscribers`, run in
a transaction that may only read; pages of 20, of 50 at most, or `all`; e-mail addresses unique whatever their case; who is blocklisted is
taken off their lists; failures are `{"message": …}` with a status.
"""

from __future__ import annotations

import base64
import json
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import psycopg
from psycopg.rows import dict_row

SCHEMA = """
CREATE TYPE subscriber_status AS ENUM ('enabled', 'disabled', 'blocklisted');
CREATE TYPE subscription_status AS ENUM ('unconfirmed', 'confirmed', 'unsubscribed');
CREATE TABLE subscribers (
    id SERIAL PRIMARY KEY, uuid UUID NOT NULL UNIQUE, email TEXT NOT NULL, name TEXT NOT NULL, attribs JSONB NOT NULL DEFAULT '{}',
    status subscriber_status NOT NULL DEFAULT 'enabled', created_at TIMESTAMPTZ DEFAULT now(), updated_at TIMESTAMPTZ DEFAULT now()
);
CREATE UNIQUE INDEX ON subscribers (lower(email));
CREATE TABLE subscriber_lists (
    subscriber_id INTEGER REFERENCES subscribers (id), list_id INTEGER, status subscription_status NOT NULL DEFAULT 'unconfirmed'
);
"""
SHOWN = "id, created_at, updated_at, uuid::text AS uuid, email, name, attribs, status::text AS status"
ALLOWED = {"subscribers", "lists", "subscriber_lists", "campaigns", "campaign_lists", "campaign_views", "links", "link_clicks", "bounces"}


class Says(Exception):
    """A failure: its status."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    database = user = token = ""

    def do_GET(self):
        self.answer(self.get)

    def do_PUT(self):
        self.answer(self.put)

    def do_POST(self):
        self.answer(self.post)

    def answer(self, handler):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            kind, _, given = self.headers.get("Authorization", "").partition(" ")
            said = base64.b64decode(given).decode() if kind == "Basic" else given if kind == "token" else ""
            if said != f"{self.user}:{self.token}":
                raise Says(403)
            if body and self.headers.get("Content-Type") != "application/json":
                raise Says(415)
            with psycopg.connect(self.database, row_factory=dict_row) as db:
                self.say(200, {"data": handler(db, urlsplit(self.path), json.loads(body) if body else None)})
        except Says as says:
            self.say(says.args[0], {"message": "refused"})
        except psycopg.OperationalError:
            self.say(500, {"message": "database"})

    def say(self, status, said):
        body = json.dumps(said, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def get(self, db, url, _):
        if url.path != "/api/subscribers":
            raise Says(404)
        given = {name: values[0] for name, values in parse_qs(url.query).items()}
        query, page = given.get("query", "").strip().rstrip(";") or "TRUE", int(given.get("page", 1))
        asked = given.get("per_page", "20")
        most = None if asked == "all" else int(asked) if 0 < int(asked) <= 50 else 20
        order = given.get("order_by") if given.get("order_by") in {"name", "status", "created_at", "updated_at"} else "id"
        way = given["order"] if given.get("order") in {"ASC", "DESC"} else "DESC"
        db.read_only = True
        try:
            plan = db.execute(f"EXPLAIN (FORMAT JSON) SELECT * FROM subscribers WHERE {query}").fetchone()["QUERY PLAN"]
            if not {*_tables(plan)} <= ALLOWED:
                raise Says(400)
            total = db.execute(f"SELECT count(*) FROM subscribers WHERE {query}").fetchone()["count"]
            rows = db.execute(
                f"SELECT {SHOWN} FROM subscribers WHERE {query} ORDER BY subscribers.{order} {way} OFFSET {(page - 1) * (most or 0)}"
                + (f" LIMIT {most}" if most else "")
            ).fetchall()
        except psycopg.Error as error:
            raise Says(400) from error
        return {"results": [{**row, "lists": []} for row in rows], "query": query, "total": total, "per_page": most or total, "page": page}

    def put(self, db, url, said):
        if url.path != "/api/subscribers/blocklist":
            raise Says(404)
        if not said.get("ids"):
            raise Says(400)
        db.execute("UPDATE subscribers SET status = 'blocklisted', updated_at = now() WHERE id = ANY(%s)", (said["ids"],))
        db.execute("UPDATE subscriber_lists SET status = 'unsubscribed' WHERE subscriber_id = ANY(%s)", (said["ids"],))
        return True

    def post(self, db, url, said):
        if url.path != "/api/subscribers":
            raise Says(404)
        local, _, domain = said.get("email", "").strip().lower().rpartition("@")
        if not local or "." not in domain or said.get("status", "enabled") not in {"enabled", "blocklisted"}:
            raise Says(400)
        values = (uuid.uuid4(), f"{local}@{domain}", said.get("name") or local, json.dumps(said.get("attribs", {})), said["status"])
        try:
            made = f"INSERT INTO subscribers (uuid, email, name, attribs, status) VALUES (%s, %s, %s, %s, %s) RETURNING {SHOWN}"
            return db.execute(made, values).fetchone()
        except psycopg.errors.UniqueViolation as error:
            raise Says(409) from error

    def log_message(self, *args):
        """What was asked for, as servers log it."""
        sys.stderr.write(f"{self.path}\n")


def _tables(plan):
    if isinstance(plan, dict):
        yield from [plan["Relation Name"]] if "Relation Name" in plan else []
        plan = list(plan.values())
    if isinstance(plan, list):
        for each in plan:
            yield from _tables(each)


if __name__ == "__main__":
    Handler.database, Handler.user, Handler.token = sys.argv[1:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n"), sys.stdout.flush()
    server.serve_forever()
