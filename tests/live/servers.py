"""The web servers, each with the configuration of deploy/ in a frame that needs no root and no port."""
import os
import pathlib
import pwd
import re
import shutil
import subprocess

import lib

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
FASTCGI = ("lighttpd", "apache", "nginx")
CGI = ("lighttpd-cgi", "apache-cgi")
KINDS = FASTCGI + CGI

APACHE_MODULES = "/usr/lib/apache2/modules"
PROGRAMS = {"lighttpd": "lighttpd", "apache": "apache2", "nginx": "nginx"}


def program(kind):
    name = PROGRAMS[kind.partition("-")[0]]
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def need(kind):
    if not program(kind):
        raise lib.Skip(f"the web server {PROGRAMS[kind.partition('-')[0]]}")
    if kind.startswith("apache") and not os.path.isdir(APACHE_MODULES):
        raise lib.Skip(f"Apache's modules in {APACHE_MODULES}")


def other_user(kind):
    """Whose the CGI processes will be where that isn't us: Apache refuses to be root."""
    return unprivileged() if kind == "apache-cgi" and os.getuid() == 0 else None


def unprivileged():
    for name in ("www-data", "nobody"):
        try:
            pwd.getpwnam(name)
            return name
        except KeyError:
            continue
    raise lib.Skip("a user www-data or nobody")


def deployed(g, name):
    """deploy/NAME with this test's socket, port, program and configuration file in place of its own."""
    text = (DEPLOY / name / "gatehouse.conf").read_text()
    for there, here in (("127.0.0.1:3000", f"127.0.0.1:{g.port}"),
                        ("/run/gatehouse/gatehouse.sock", g.socket_path),
                        ("/usr/local/libexec/gatehouse", str(g.programs)),
                        ("/var/log/apache2/gatehouse.log", f"{g.dir}/access.log"),
                        ("/var/log/nginx/gatehouse.log", f"{g.dir}/access.log"),
                        ("/etc/gatehouse/gatehouse.conf", str(g.config))):
        text = text.replace(there, here)
    for here in (f"127.0.0.1:{g.port}", g.socket_path):
        lib.check(here in text, f"deploy/{name}/gatehouse.conf has no place for {here}")
    return unbuffered(text, name) if g.unbuffered else text


def unbuffered(text, name):
    """The same, but what a client does is felt by the responder at once. Apache is so by itself."""
    changes = {"nginx": (("fastcgi_request_buffering on", "fastcgi_request_buffering off"),
                         ("fastcgi_buffering on", "fastcgi_buffering off")),
               "lighttpd": (("server.stream-response-body = 1",
                             "server.stream-response-body = 2\n\tserver.stream-request-body = 2"),)}
    for there, here in changes.get(name, ()):
        lib.check(there in text, f"deploy/{name}/gatehouse.conf lacks {there}")
        text = text.replace(there, here)
    return text


def uncomment(text, first, last):
    """The lines from one that begins with "# FIRST" to one that begins with "# LAST", as directives."""
    lines, on, n = [], False, 0
    for line in text.splitlines():
        bare = line.strip()
        on = on or bare.startswith("# " + first)
        if on:
            line, n = bare[1:].strip(), n + 1
        if on and bare.startswith("# " + last):
            on = False
        lines.append(line)
    lib.check(n > 0 and not on, f"no commented lines from {first} to {last}")
    return "\n".join(lines) + "\n"


def lighttpd(g):
    text = deployed(g, "lighttpd")
    if g.kind == "lighttpd-cgi":
        text = re.sub(r"\tfastcgi\.server = .*?\n\t\)\) \)\n", "", text, flags=re.S)
        text = text.replace('server.modules += ( "mod_fastcgi" )',
                            'server.modules = ( "mod_alias", "mod_cgi", "mod_setenv" )')
        text = uncomment(text, "alias.url", "setenv.add-environment")
        text = text.replace('"GATEHOUSE_CONFIG" => ', "".join(
            f'"{k}" => "{v}", ' for k, v in g.environment.items() if k != "GATEHOUSE_CONFIG") + '"GATEHOUSE_CONFIG" => ')
    else:
        text = text.replace("server.modules +=", "server.modules =")
    return [program(g.kind), "-D", "-f"], f"""server.document-root = "{g.dir}"
server.bind = "{g.dir}/lighttpd.sock"
server.errorlog = "{g.dir}/server.log"
server.breakagelog = "{g.dir}/log"
server.upload-dirs = ( "{g.dir}" )
""" + text


def apache(g):
    text = deployed(g, "apache")
    modules = ["mpm_event", "authz_core", "setenvif", "env", "alias"]
    head = f"""ServerRoot "{g.dir}"
ServerName localhost
PidFile "{g.dir}/apache.pid"
ErrorLog "{g.dir}/server.log"
DefaultRuntimeDir "{g.dir}"
LogLevel warn
Timeout 600
"""
    if os.getuid() == 0:
        head += f"User {unprivileged()}\nGroup {unprivileged()}\n"
    if g.kind == "apache-cgi":
        modules += ["cgid"]
        text = re.sub(r"^\t(ProxyPass|ProxyFCGI).*\n", "", text, flags=re.M)
        text = uncomment(text, "ScriptAlias", "</Directory>")
        text = text.replace("SetEnv GATEHOUSE_CONFIG", "".join(
            f'SetEnv {k} "{v}"\n' for k, v in g.environment.items() if k != "GATEHOUSE_CONFIG") + "SetEnv GATEHOUSE_CONFIG")
        head += f'ScriptSock "{g.dir}/cgid.sock"\n'
    else:
        modules += ["proxy", "proxy_fcgi"]
    load = "".join(f"LoadModule {m}_module {APACHE_MODULES}/mod_{m}.so\n" for m in modules)
    return [program(g.kind), "-D", "FOREGROUND", "-f"], load + head + text


def nginx(g):
    site = g.dir / "site.conf"
    site.write_text(deployed(g, "nginx"))
    paths = "\n".join(f"{k}_temp_path {g.dir}/{k};" for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;" if os.getuid() == 0 else ""
    return [program(g.kind), "-e", f"{g.dir}/server.log", "-c"], f"""{user}
daemon off;
worker_processes 2;
pid {g.dir}/nginx.pid;
error_log {g.dir}/server.log;
events {{ worker_connections 1024; }}
http {{
access_log off;
{paths}
include {site};
}}
"""


MAKERS = {"lighttpd": lighttpd, "lighttpd-cgi": lighttpd, "apache": apache, "apache-cgi": apache, "nginx": nginx}


def start(g):
    """Starts the web server of G.kind in the foreground; gives the process."""
    words, text = MAKERS[g.kind](g)
    file = g.dir / "server.conf"
    file.write_text(text)
    return subprocess.Popen([*words, str(file)], cwd=g.dir, stdin=subprocess.DEVNULL, stdout=g.log, stderr=g.log,
                            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"})
