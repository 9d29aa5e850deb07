"""Are these hosts reachable, and how long are their TLS certificates good for?

Prints one JSON document. A host that is away or whose certificate is bad is an answer and
not a failure: the return code is 0, unless --fail_on_problem asks for 1.
"""
import argparse
import datetime
import json
import socket
import ssl
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

DEFAULT_PORT = 443
PARALLEL = 16


def host_list(text):
    """The value of --hosts: a JSON array of strings, as a parameter of type array arrives."""
    try:
        hosts = json.loads(text)
    except ValueError:
        hosts = [part.strip() for part in text.split(",") if part.strip()]
    if not isinstance(hosts, list) or not hosts or not all(isinstance(h, str) for h in hosts):
        raise argparse.ArgumentTypeError("wants an array of host:port texts")
    return hosts


def split(text):
    """"example.org:8443", "[2001:db8::1]:443" or a name alone, to a host and a port."""
    host, colon, port = text.rpartition(":")
    if not colon or host.count(":") and not host.endswith("]"):
        host, port = text, str(DEFAULT_PORT)
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{port!r} is no port")
    return host.strip("[]"), int(port)


def names(certificate, field):
    return ", ".join(value for part in certificate.get(field, ()) for key, value in part
                     if key in ("commonName", "organizationName"))


def decode(der):
    """What an untrusted certificate says; getpeercert() tells that of trusted ones only."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(ssl.DER_cert_to_PEM_cert(der))
        file.flush()
        return ssl._ssl._test_decode_cert(file.name)


def handshake(host, port, timeout, trusting):
    context = ssl.create_default_context()
    if trusting:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=timeout) as connection:
        with context.wrap_socket(connection, server_hostname=host) as tls:
            certificate = decode(tls.getpeercert(True)) if trusting else tls.getpeercert()
            return certificate, tls.version()


def look(host, port, timeout):
    """The certificate, the version of TLS, and why it isn't trusted, or None where it is."""
    try:
        return (*handshake(host, port, timeout, trusting=False), None)
    except ssl.SSLCertVerificationError as error:
        return (*handshake(host, port, timeout, trusting=True), error.verify_message)


def describe(certificate, version, distrust, warn_days):
    end = ssl.cert_time_to_seconds(certificate["notAfter"])
    days = int((end - time.time()) // 86400)
    state, message = "ok", f"{days} days left"
    if days < 0:
        state, message = "expired", f"expired {-days} days ago"
    elif distrust:
        state, message = "untrusted", distrust
    elif days < warn_days:
        state, message = "warning", f"only {days} days left"
    return {
        "state": state, "message": message, "tls": version, "days_left": days,
        "not_after": datetime.datetime.fromtimestamp(end, datetime.timezone.utc).isoformat(),
        "subject": names(certificate, "subject"), "issuer": names(certificate, "issuer"),
        "names": [value for _, value in certificate.get("subjectAltName", ())],
    }


def check(text, options):
    result = {"host": text, "state": "unreachable", "message": "", "reachable": False}
    try:
        host, port = split(text)
        begin = time.monotonic()
        with socket.create_connection((host, port), timeout=options.timeout):
            result["connect_ms"] = round((time.monotonic() - begin) * 1000, 1)
        result.update(reachable=True, state="ok", message="the port answers")
        if not options.tcp_only:
            result.update(describe(*look(host, port, options.timeout), options.warn_days))
    except (OSError, ValueError) as error:      # ssl.SSLError and time-outs are OSErrors
        result.update(message=str(error) or type(error).__name__,
                      state="no-tls" if result["reachable"] else "unreachable")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--hosts", type=host_list, required=True, metavar='["HOST:PORT"]')
    parser.add_argument("--warn_days", type=int, default=30)
    parser.add_argument("--timeout", type=float, default=5)
    parser.add_argument("--tcp_only", action="store_true")
    parser.add_argument("--fail_on_problem", action="store_true")
    options = parser.parse_args()

    with ThreadPoolExecutor(PARALLEL) as pool:
        results = list(pool.map(lambda host: check(host, options), options.hosts))
    problems = sum(result["state"] != "ok" for result in results)
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    json.dump({"checked": now.isoformat(), "problems": problems, "hosts": results},
              sys.stdout, indent=2)
    print()
    return 1 if problems and options.fail_on_problem else 0


if __name__ == "__main__":
    sys.exit(main())
