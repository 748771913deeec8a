"""One exchange: a process of its own, from its start to its end."""

import os
import signal
import subprocess
import tempfile
import threading
import weakref
from typing import IO, Any, Dict, List, Optional, Union

from .accounts import Account, read_account
from .binary import find_binary
from .operator import Operator

# It starts within milliseconds; a machine under load gets time.
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0

_LISTENING = "listening on "
_ADMIN_URL = "#   export OPENMART_ADMIN_URL="
_ADMIN_TOKEN = "#   export OPENMART_ADMIN_TOKEN="
_ACCOUNTS = ("alice", "bob")


class NotStarted(Exception):
    """The program ended, or did not say that it is ready."""


class Exchange:
    """`openmart demo` on a port of its own, in a temporary folder. Use it in a `with` statement.

    `liquidity` lets others trade as well; `seed` is theirs. `faults` is a file of docs/faults.md, whose
    rules strike from the first request on.
    """

    def __init__(
        self,
        *,
        seed: Optional[int] = None,
        liquidity: bool = False,
        faults: Union[str, "os.PathLike[str]", None] = None,
        binary: Union[str, "os.PathLike[str]", None] = None,
    ) -> None:
        command = [os.fspath(binary or find_binary()), "demo", "--listen", "127.0.0.1:0"]
        command += ["--admin-listen", "127.0.0.1:0"]
        command += [] if liquidity else ["--no-liquidity"]
        command += [] if seed is None else ["--seed", str(seed)]
        command += [] if faults is None else ["--faults", os.fspath(faults)]
        self._errors = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors, text=True
            )
        except OSError as error:
            self._errors.close()
            raise NotStarted(f"cannot run {command[0]}: {error.strerror}") from error
        # Also when nobody closes it: once it is forgotten, or the interpreter ends.
        self._stop = weakref.finalize(self, _stop, self._process, self._errors)
        try:
            self._read_greeting()
        except BaseException:
            self.close()
            raise

    def _read_greeting(self) -> None:
        said: Dict[str, str] = {}
        self.accounts: Dict[str, Account] = {}
        # A program that hangs is ended, and then there is no next line.
        watchdog = threading.Timer(START_TIMEOUT_S, self._process.kill)
        watchdog.start()
        try:
            for line in self._process.stdout:
                for start in (_LISTENING, _ADMIN_URL, _ADMIN_TOKEN):
                    if line.startswith(start):
                        said[start] = line[len(start) :].strip()
                account = read_account(line)
                if account:
                    self.accounts[account.name] = account
                if len(said) == 3 and all(name in self.accounts for name in _ACCOUNTS):
                    break
            else:
                raise NotStarted(self._last_words())
        finally:
            watchdog.cancel()
        self.url = said[_LISTENING]
        self.admin_url = said[_ADMIN_URL]
        self._operator = Operator(self.admin_url, said[_ADMIN_TOKEN])

    def _last_words(self) -> str:
        self._process.wait(STOP_TIMEOUT_S)
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip()
        return words or f"openmart ended with exit code {self._process.returncode} and said nothing"

    @property
    def alice(self) -> Account:
        return self.accounts["alice"]

    @property
    def bob(self) -> Account:
        return self.accounts["bob"]

    @property
    def pid(self) -> int:
        return self._process.pid

    def ccxt(self, account: str = "alice", **settings: Any) -> Any:
        """A `ccxt.bitmart` with the key of an account. Needs a ccxt that speaks this API: up to 1.34."""
        import ccxt

        known = self.accounts[account]
        keys = {"apiKey": known.key, "secret": known.secret, "uid": known.memo}
        exchange = ccxt.bitmart({**keys, "enableRateLimit": False, **settings})
        exchange.urls["api"] = self.url
        # Not through a proxy that the environment names.
        exchange.session.trust_env = False
        exchange.sign_in()
        return exchange

    def race(self, race: str, account: str = "alice", percent: Optional[int] = None) -> dict:
        """Arms a race for the next order of an account: `fill-before-cancel`, `partial-before-cancel`,
        `cancel-before-fill` or `event-before-response`."""
        body: Dict[str, Any] = {"key": self.accounts[account].key, "race": race}
        if percent is not None:
            body["percent"] = percent
        return self._operator.call("POST", "/admin/races", body)

    def races(self) -> List[dict]:
        """Races that wait and those that are over, each with its `state`."""
        return self._operator.call("GET", "/admin/races")["races"]

    def fault(self, name: str, fault: dict, **match: Any) -> None:
        """Adds a rule: `exchange.fault("lost", {"kind": "disconnect-after"}, path="/v2/orders", nth=1)`."""
        self._operator.call("POST", "/admin/faults", {"rules": [{"name": name, "fault": fault, **match}]})

    def faults(self) -> List[dict]:
        """The rules there are, each with how often it was `seen` and has `struck`."""
        return self._operator.call("GET", "/admin/faults")["rules"]

    def heal(self) -> None:
        """Ends all faults, and all races but those that are under way."""
        self._operator.call("DELETE", "/admin/faults")
        self._operator.call("DELETE", "/admin/races")

    def close(self) -> None:
        """Stops it. Its folder goes with it."""
        self._stop()

    def __enter__(self) -> "Exchange":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _stop(process: "subprocess.Popen[str]", errors: IO[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    process.stdout.close()
    errors.close()
