"""Makes a container in Azurite: container.py PORT NAME. The key is Azurite's documented one."""

import base64
import hashlib
import hmac
import sys
import urllib.request
from email.utils import formatdate

port, name = sys.argv[1:]
account = "devstoreaccount1"
key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2023-11-03"}
canonical = "".join(f"{header}:{value}\n" for header, value in sorted(headers.items()))
resource = f"/{account}/{account}/{name}\nrestype:container"
text = "PUT" + "\n" * 12 + canonical + resource
digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
headers["Authorization"] = f"SharedKey {account}:{base64.b64encode(digest).decode()}"
url = f"http://127.0.0.1:{port}/{account}/{name}?restype=container"
urllib.request.urlopen(urllib.request.Request(url, b"", headers, method="PUT"), timeout=10)
