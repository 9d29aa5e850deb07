"""Real servers of git repositories on loopback: Apache with git-http-backend over https, and sshd."""
import base64
import contextlib
import getpass
import hashlib
import os
import pathlib
import shutil
import socket
import subprocess

import lib
import servers

BACKEND = "/usr/lib/git-core/git-http-backend"
USER, PASSWORD = "fetcher", "Wort/mit%25:@+Zeichen-4711"


def made(*words, **more):
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    lib.check(done.returncode == 0, words, done.stdout, done.stderr)
    return done.stdout.strip()


def git(folder, *words):
    """git in FOLDER with no configuration but ours."""
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "t",
           "GIT_AUTHOR_EMAIL": "t@t", "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t"}
    return made("git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", "-C", folder, *words, env=env)


def commit(folder, files):
    """A commit with FILES {name: text} in the repository FOLDER, which is made where it is not there; gives its hash."""
    folder = pathlib.Path(folder)
    if not folder.exists():
        folder.mkdir(parents=True)
        git(folder, "init", "-q")
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return git(folder, "rev-parse", "HEAD")


def answers(port):
    def look():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return True
    return look


class Server:
    def __init__(self, folder):
        self.dir = pathlib.Path(folder)
        self.log = open(self.dir / "server.log", "ab")
        self.port = lib.free_port()

    def start(self, *words):
        self.process = subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, cwd=self.dir, start_new_session=True)
        try:
            lib.until(f"an answer of {words[0]}", answers(self.port))
        except AssertionError:
            self.stop()
            raise AssertionError((self.dir / "server.log").read_text()[-2000:]) from None

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


class Https(Server):
    """All repositories below ROOT, for USER with PASSWORD; the certificate is in dir/ca.pem."""

    def __init__(self, folder, root):
        if not os.path.exists(servers.APACHE_MODULES + "/mod_ssl.so") or not os.path.exists(BACKEND):
            raise lib.Skip("Apache's mod_ssl, or git-http-backend")
        super().__init__(folder)
        os.chmod(self.dir, 0o755)
        made("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.dir / "key.pem", "-out",
             self.dir / "ca.pem", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
        digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
        (self.dir / "users").write_text(f"{USER}:{{SHA}}{digest}\n")
        (self.dir / "gitconfig").write_text("[safe]\n\tdirectory = *\n")
        user = f"User {servers.unprivileged()}\nGroup {servers.unprivileged()}\n" if os.getuid() == 0 else ""
        modules = "mpm_prefork authz_core authz_user authn_core authn_file auth_basic alias env cgi ssl"
        (self.dir / "apache.conf").write_text(f"""ServerRoot "{self.dir}"
ServerName 127.0.0.1
PidFile "{self.dir}/apache.pid"
ErrorLog "{self.dir}/server.log"
DefaultRuntimeDir "{self.dir}"
Listen 127.0.0.1:{self.port}
{"".join(f'LoadModule {m}_module {servers.APACHE_MODULES}/mod_{m}.so{chr(10)}' for m in modules.split())}{user}
SSLEngine on
SSLCertificateFile "{self.dir}/ca.pem"
SSLCertificateKeyFile "{self.dir}/key.pem"
SetEnv GIT_PROJECT_ROOT "{root}"
SetEnv GIT_HTTP_EXPORT_ALL 1
SetEnv GIT_CONFIG_GLOBAL "{self.dir}/gitconfig"
ScriptAlias /git/ {BACKEND}/
<Location />
	AuthType Basic
	AuthName git
	AuthUserFile "{self.dir}/users"
	Require valid-user
</Location>
""")
        self.start(servers.program("apache"), "-DFOREGROUND", "-f", self.dir / "apache.conf")

    def url(self, name):
        return f"https://127.0.0.1:{self.port}/git/{name}"


class Ssh(Server):
    """The account that runs the tests, with the key dir/key; the server's own key is in dir/known_hosts."""

    def __init__(self, folder):
        program = shutil.which("sshd", path="/usr/sbin:/sbin:" + os.environ.get("PATH", ""))
        if not program or not shutil.which("ssh"):
            raise lib.Skip("the packages openssh-server and openssh-client")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        super().__init__(folder)
        for name in ("host", "key", "other"):
            made("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", self.dir / name)
        (self.dir / "known_hosts").write_text(
            f"[127.0.0.1]:{self.port} " + " ".join((self.dir / "host.pub").read_text().split()[:2]) + "\n")
        (self.dir / "sshd.conf").write_text(f"""ListenAddress 127.0.0.1
Port {self.port}
HostKey {self.dir}/host
AuthorizedKeysFile {self.dir}/key.pub
StrictModes no
UsePAM no
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
""")
        self.start(program, "-D", "-e", "-f", self.dir / "sshd.conf")

    def url(self, path):
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{path}"

    def key(self, name="key"):
        return (self.dir / name).read_text()
