"""The operator's API of one exchange: what is to go wrong. Its words are those of docs/faults.md."""

import json
import urllib.error
import urllib.request
from typing import Any, Optional

# The server is on this machine: one that does not answer by then hangs.
TIMEOUT_S = 10.0

# A proxy that the environment names is for elsewhere.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Exception):
    """The exchange does not do that, and says why. Nothing was changed."""


class Operator:
    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    def call(self, method: str, path: str, body: Optional[dict] = None) -> Any:
        """Sends a request; its answer."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=data, headers=headers, method=method)
        try:
            with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
        try:
            text = json.loads(text)["message"]
        except (ValueError, KeyError, TypeError):
            pass
        raise Refused(text)
