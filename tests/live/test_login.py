"""Who is asking: each form of credential through each web server, and that none is left anywhere."""
import re
import secrets
import urllib.parse

from frame import on, own
from lib import check, until

FORM = "application/x-www-form-urlencoded"
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def login(g, status=200, **more):
    body = {"username": g.user, "password": g.password, **more.pop("body", {})}
    reply = g.call("POST", more.pop("path", "//login"), body, auth=None, **more)
    check(reply.status == status, reply)
    return reply


def token_of(reply):
    text = reply.raw.decode()
    check(TOKEN.fullmatch(text), text)
    check(reply.headers["Content-Type"].startswith("text/plain"), reply.headers)
    return text


def forms(token):
    """Each way to bring a token: the query, and the headers."""
    return {"bearer": ("", {"Authorization": f"Bearer {token}"}), "cookie": ("", {"Cookie": f"a=b; token={token}"}),
            "query": (f"?token={token}", {})}


def who(g, by, query="", headers=None, **more):
    reply = g.call("GET", "//whoami" + query, headers=headers, **{"auth": None, **more})
    check(reply.status == 200 and reply.json["by"] == by and "Set-Cookie" not in reply.headers, by, reply)
    return reply.json


def oauth(g, **members):
    body = urllib.parse.urlencode({"grant_type": "client_credentials", **members}).encode()
    return g.call("POST", "//oauth/token", raw=body, headers={"Content-Type": FORM}, auth=None)


def audit(g, query=""):
    return g.ok("GET", "/audit" + query)["results"]


def test_each_form(g):
    token = token_of(login(g))
    token_of(login(g, path="//login/"))
    check(who(g, "password", auth=(g.user, g.password))["username"] == g.user)
    for by, (query, headers) in forms(token).items():
        check(who(g, by, query, headers)["username"] == g.user)
        name = f"{by}-{secrets.token_hex(4)}"
        made = g.call("POST", "/gateways" + query, auth=None, headers=headers, body={
            "gateway": {"cluster_id": name, "enabled": True, "readonly": False, "connector": {"kind": "simulator"}}})
        check(made.status == 200, by, made)
        last = audit(g, "?limit=1&operation=createGateway")[0]
        check((last["credential"], last["record"]) == (by, made.json["id"]), last)
        gone = g.call("DELETE", f"/gateways/{made.json['id']}" + query, auth=None, headers=headers)
        check(gone.status == 200, by, gone)
    check(g.call("POST", "//logout", auth=None, headers={"Cookie": f"token={token}"}).status == 200)
    for by, (query, headers) in forms(token).items():
        reply = g.call("GET", "//whoami" + query, auth=None, headers=headers)
        check(reply.status == 401 and reply.json["message"], by, reply)


def test_cookie(g):
    reply = login(g)
    check(reply.headers["Set-Cookie"] == f"token={token_of(reply)}; Path=/; HttpOnly; SameSite=Lax", reply.headers)
    # Anybody can write such a header.
    reply = login(g, headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.5"})
    check("Secure" not in reply.headers["Set-Cookie"], reply.headers)
    check(audit(g, "?limit=1&operation=login")[0]["remote"] == "127.0.0.1")
    refused = g.call("POST", "//logout", headers={"Sec-Fetch-Site": "cross-site"})
    check(refused.status == 403 and "another site" in refused.json["message"], refused)


@own(auth={"trust_forwarded": "yes"})
def test_forwarded(g):
    reply = login(g, headers={"X-Forwarded-Proto": "http, https", "X-Forwarded-For": "192.0.2.66, 203.0.113.5"})
    check(reply.headers["Set-Cookie"].endswith("; SameSite=Lax; Secure"), reply.headers)
    check(audit(g, "?limit=1&operation=login")[0]["remote"] == "203.0.113.5")
    check("Secure" not in login(g, headers={"X-Forwarded-Proto": "https, http"}).headers["Set-Cookie"])


def test_oauth(g):
    name = f"robot-{secrets.token_hex(4)}"
    made = g.admin("token", "create", name, "--user", g.user)
    secret = made.stdout.strip()
    check(made.returncode == 0 and TOKEN.fullmatch(secret), made)
    check(who(g, "bearer", "", {"Authorization": f"Bearer {secret}"})["username"] == g.user)
    for client in ({"client_id": name, "client_secret": secret}, {"client_id": g.user, "client_secret": secret},
                   {"client_id": g.user, "client_secret": g.password}):
        reply = oauth(g, **client)
        check(reply.status == 200 and b"\n" not in reply.raw, reply)
        check((reply.json["token_type"], reply.json["expires_in"]) == ("Bearer", 3600), reply)
        for by, (query, headers) in forms(reply.json["access_token"]).items():
            who(g, by, query, headers)
    first = oauth(g, client_id=name, client_secret=secret).json["access_token"]
    header = g.call("POST", "//oauth/token", raw=b"grant_type=client_credentials", headers={"Content-Type": FORM})
    check(header.status == 200 and header.json["access_token"] != first, header)
    check(g.call("POST", "//oauth/token", {"grant_type": "client_credentials"}).status == 415)
    check(oauth(g, client_id=name, client_secret=g.password).status == 401)
    listed = g.admin("token", "list").stdout
    check(name in listed and secret not in listed, listed)
    check(g.admin("token", "create", name, "--user", g.user).returncode == 1)
    check("no account" in g.admin("token", "create", name + "x", "--user", "nobody-such").stderr)
    check(g.admin("token", "revoke", name).returncode == 0 and g.admin("token", "revoke", name).returncode == 1)
    for gone in (secret, first):
        check(g.call("GET", "//whoami", auth=None, headers={"Authorization": f"Bearer {gone}"}).status == 401)
    done = [(r["operation"], r["credential"]) for r in audit(g, f"?equals={name}&equalsField=record")]
    check(done == [("token revoke", "host"), ("token create", "host")], done)


@on("nginx", "lighttpd-cgi")
@own(auth={"attempts": 3, "lockout": 8})
def test_too_many(g):
    def refused():
        reply = g.call("POST", "//login", {"username": g.user, "password": "wrong"}, auth=None)
        check(reply.status in (401, 429) and reply.json["message"], reply)
        return reply

    token = token_of(login(g))
    check(refused().status == 401)
    # How soon depends on how long each of them takes: the first lock is for a second.
    locked = until("a lock", lambda: next((r for r in [refused()] if r.status == 429), None))
    check(int(locked.headers["Retry-After"]) >= 1 and locked.json["code"] == "too-many-requests", locked)
    check(who(g, "bearer", "", {"Authorization": f"Bearer {token}"})["username"] == g.user)
    until("the end of the lock", lambda: g.call("POST", "//login", {"username": g.user, "password": g.password},
                                                auth=None).status == 200)


def test_nothing_is_left_of_it(g):
    """Neither a token nor a password stands in any file: logs, also the web server's, database, configuration."""
    token = token_of(login(g))
    mark = f"mark-{secrets.token_hex(8)}"
    who(g, "query", f"?token={token}&x={mark}")
    for query in (f"?token={token}", f"?token=%zz&x={token}"):
        g.call("GET", "/gateways/none" + query, auth=None)
        g.call("POST", "/services/run" + query, auth=None, raw=b"{", headers={"Content-Type": "application/json"})
    made = g.admin("token", "create", mark, "--user", g.user)
    secret = made.stdout.strip()
    oauth(g, client_id=mark, client_secret=secret)
    files = [f for f in g.dir.rglob("*") if f.is_file() and f.parent.name != "bin"]
    check(len(files) > 4, files)
    for file in files:
        held = file.read_bytes()
        for what in (token, secret, g.password):
            check(what.encode() not in held, f"{file} has it")
    kept = g.dir / "access.log"
    if not g.kind.startswith("lighttpd"):           # which keeps none unless it is told to
        until("a line in the web server's log", lambda: b"/whoami" in kept.read_bytes())
        check(mark.encode() not in kept.read_bytes())
