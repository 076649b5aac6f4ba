"""Makes a container in Azurite: container.py PORT NAME. The key is Azurite's documented one."""

import base64
import hashlib
import hmac
import http.client
import sys
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
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
connection.request("PUT", f"/{account}/{name}?restype=container", headers=headers)
sys.exit(connection.getresponse().status != 201)
