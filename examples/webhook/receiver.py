"""A receiver of Upheld's webhook (docs/webhook.md) over one SQLite database: a start for your own. The standard library is enough.

    python -m examples.webhook.receiver shop.db --secret secret.txt --tables customers --port 8471

It answers questions that are signed with the secret, marks all rows or none, and answers a repeated stop as it did before. Forms of values
are made in SQL of built-in functions, so that each can have an index (made at the start), which whoever writes the table keeps up to date.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sqlite3
import ssl
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CLOCKS_MAY_DIFFER = 300  # seconds
LARGEST = 16 * 1024 * 1024
MOST = 5_000  # rows in one answer


def without(text, signs):
    for sign in signs:
        text = f"replace({text}, '{sign}', '')"
    return text


def email(column):
    text = f"replace(lower(trim({column})), 'mailto:', '')"
    cut = f"substr({text}, 1, instr({text}, '+') - 1) || substr({text}, instr({text}, '@'))"
    return f"replace(CASE WHEN instr({text}, '+') BETWEEN 1 AND instr({text}, '@') THEN {cut} ELSE {text} END, '.', '')"


def phone(column):
    return f"substr({without(column, ' ().+-/')}, -7)"


def zip_code(column):
    text = f"CASE WHEN {column} LIKE '%.0' THEN substr({column}, 1, length({column}) - 2) ELSE {column} END"
    text = f"lower({without(f'({text})', ' -.')})"
    digits = f"CASE WHEN length({text}) > 5 THEN substr({text}, 1, length({text}) - 4) ELSE {text} END"
    return f"CASE WHEN {text} GLOB '*[^0-9]*' THEN {text} ELSE substr('00000' || ({digits}), -5) END"


FORMS = {"email": email, "phone": phone, "account": lambda column: f"trim({column})", "zip": zip_code}


def odd(part, column):
    """Values whose form is not sure: rows with such always go back."""
    if part == "phone":
        return f"{without(column, ' ().+-/')} GLOB '*[^0-9]*'"
    return f"{column} GLOB '*[^ -~]*'" if part != "zip" else f"{column} GLOB '*[^-0-9A-Za-z .]*'"


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def meant(key, after=0):
    """Whether a row has a key that was given as text: by the table's own index, and then to the letter."""
    numbered = [(quoted(name), f"?{at}") for at, name in enumerate(key, after + 1)]
    return " AND ".join(f"{name} IN ({at}, CAST({at} AS NUMERIC)) AND CAST({name} AS TEXT) = {at}" for name, at in numbered)


class Refused(Exception):
    pass


class Receiver:
    """Answers the questions."""

    def __init__(self, database, secret, tables, index=()):
        self.database, self.secret, self.tables = database, secret, tables
        with closing(self.connect()) as db:
            db.execute("CREATE TABLE IF NOT EXISTS upheld_answers (token TEXT PRIMARY KEY, asked TEXT, answer TEXT)")
            for one in index:  # customers.email=email
                where, _, part = one.partition("=")
                table, _, column = where.partition(".")
                name, on = f"upheld_{table}_{column}", f"{quoted(table)} ({FORMS[part](quoted(column))})"
                db.execute(f"CREATE INDEX IF NOT EXISTS {quoted(name)} ON {on}")
                rest = f"{quoted(table)} ({quoted(column)}) WHERE {odd(part, quoted(column))}"
                db.execute(f"CREATE INDEX IF NOT EXISTS {quoted(name + '_odd')} ON {rest}")

    def connect(self):
        db = sqlite3.connect(f"{Path(self.database).resolve().as_uri()}?mode=rw", uri=True, timeout=5, isolation_level=None)
        db.create_function("hashed", 2, lambda part, form: self.sign("identifier", part, str(form).encode()), deterministic=True)
        return db

    def sign(self, *parts):
        said = b"\n".join((b"upheld-1", *(part.encode() if isinstance(part, str) else part for part in parts)))
        return hmac.new(self.secret, said, hashlib.sha256).hexdigest()

    def answer(self, question, token):
        with closing(self.connect()) as db:
            return getattr(self, f"do_{question['do']}")(db, question, token)

    def columns(self, db, table, names=()):
        """The columns of a table that may be asked for."""
        if table not in self.tables:
            raise Refused("no-table")
        there = db.execute("SELECT name, type, pk FROM pragma_table_info(?)", (table,)).fetchall()
        if not there:
            raise Refused("no-table")
        if not {*names} <= {name for name, _, _ in there}:
            raise Refused("no-column")
        return there

    def do_tables(self, db, question, token):
        found = []
        for table in self.tables:
            there = self.columns(db, table)
            key = [name for name, _, pk in sorted(there, key=lambda one: one[2]) if pk]
            found.append({"name": table, "columns": [{"name": name, "type": type_} for name, type_, _ in there], "key": key})
        return {"tables": found}

    def do_read(self, db, question, token):
        return self.page(db, question, "SELECT rowid FROM {table}", [])

    def do_fetch(self, db, question, token):
        self.columns(db, question["table"], question["key"])
        one = f"SELECT rowid FROM {{table}} WHERE {meant(question['key'])}"
        found = [self.page(db, question | {"after": None}, one, key)["rows"] for key in question["keys"]]
        return {"rows": [row for rows in found for row in rows], "next": None}

    def do_search(self, db, question, token):
        queries, values = [], []
        for one in question["any"]:
            self.columns(db, question["table"], one["columns"])
            for column in map(quoted, one["columns"]):
                form = FORMS[one["part"]](column)
                if "hash" in one:
                    values += [one["part"], one["hash"]]
                    queries.append(f"SELECT rowid FROM {{table}} WHERE hashed(?{len(values) - 1}, {form}) = ?{len(values)}")
                else:
                    values.append(one["form"])
                    queries.append(f"SELECT rowid FROM {{table}} WHERE {form} = ?{len(values)}")
                queries.append(f"SELECT rowid FROM {{table}} WHERE {odd(one['part'], column)}")
        return self.page(db, question, " UNION ".join(queries), values)

    def page(self, db, question, query, values):
        """The rows whose number a query names, after those that went out already."""
        names = question["columns"]
        self.columns(db, question["table"], names)
        table, shown, most = quoted(question["table"]), ", ".join(map(quoted, names)), min(int(question["most"]), MOST)
        end = len(values)
        whole = f"SELECT rowid, {shown} FROM {table} WHERE rowid IN ({query}) AND rowid > ?{end + 1} ORDER BY rowid LIMIT ?{end + 2}"
        found = db.execute(whole.replace("{table}", table), [*values, int(question.get("after") or -(2**62)), most]).fetchall()
        plain = [[value.hex() if isinstance(value, bytes) else value for value in row[1:]] for row in found]
        return {"rows": plain, "next": str(found[-1][0]) if len(found) == most else None}

    def do_stop(self, db, question, token):
        return self.set(db, question, token, "stopped")

    def do_correct(self, db, question, token):
        return self.set(db, question, token, "corrected")

    def set(self, db, question, token, done):
        """All or none; asked again, the answer of the first time."""
        asked = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
        db.execute("BEGIN IMMEDIATE")
        before = db.execute("SELECT asked, answer FROM upheld_answers WHERE token = ?", (token,)).fetchone()
        if before is not None:
            if before[0] != asked:
                raise Refused("token")
            return json.loads(before[1])
        self.columns(db, question["table"], [*question["key"], *question["set"]])
        marks = ", ".join(f"{quoted(name)} = ?" for name in question["set"])
        count = 0
        for key in question["keys"]:
            update = f"UPDATE {quoted(question['table'])} SET {marks} WHERE {meant(question['key'], len(question['set']))}"
            count += db.execute(update, [*question["set"].values(), *key]).rowcount
        db.execute("INSERT INTO upheld_answers VALUES (?, ?, ?)", (token, asked, json.dumps({done: count})))
        db.execute("COMMIT")
        return {done: count}


class Handler(BaseHTTPRequestHandler):
    """Lets in who knows the secret, and signs what goes out."""

    receiver: Receiver
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        if not 0 < size <= LARGEST:
            return self.say(413, {"error": "size"})
        body, said = self.rfile.read(size), self.headers
        token, now = said.get("Idempotency-Key", ""), said.get("Upheld-Time", "")
        signature = self.receiver.sign("ask", now, token, body)
        late = not now.isdigit() or abs(time.time() - int(now)) > CLOCKS_MAY_DIFFER
        if late or not hmac.compare_digest(signature.encode(), said.get("Upheld-Signature", "").encode()):
            return self.say(422, {"error": "signature"})
        try:
            return self.say(200, self.receiver.answer(json.loads(body), token), token)
        except Refused as refused:
            return self.say(422, {"error": str(refused)})
        except sqlite3.IntegrityError:
            return self.say(422, {"error": "bad-mark"})
        except sqlite3.OperationalError as error:
            return self.say(423 if "locked" in str(error) else 422 if "readonly" in str(error) else 500, {"error": "read-only"})
        except (KeyError, TypeError, ValueError, AttributeError):
            return self.say(400, {"error": "question"})

    def say(self, status, answer, token=""):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 200:
            self.send_header("Upheld-Signature", self.receiver.sign("answer", token, body))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Nothing: what is asked for is nobody's business."""


def main():
    parser = argparse.ArgumentParser(description="Answer Upheld's webhook over an SQLite database.")
    parser.add_argument("database")
    parser.add_argument("--secret", required=True, help="a file with the secret that both sides know")
    parser.add_argument("--tables", nargs="+", required=True)
    parser.add_argument("--index", nargs="*", default=[], help="columns to index by their form, as customers.email=email")
    parser.add_argument("--port", type=int, default=8471)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--certificate", help="a PEM file with the certificate and its key: then it speaks TLS")
    given = parser.parse_args()
    Handler.receiver = Receiver(given.database, Path(given.secret).read_bytes().strip(), given.tables, given.index)
    server = ThreadingHTTPServer((given.host, given.port), Handler)
    if given.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(given.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"listening on port {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
