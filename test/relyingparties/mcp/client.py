"""A client of the MCP SDK of PyPI that authorizes itself: MCP_SERVER, MCP_REDIRECT and, where it is known by a document, MCP_CLIENT."""

import asyncio
import os
import sys
from urllib.parse import parse_qs, urlparse

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata


class Memory:
    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


async def show(address):
    print(address, flush=True)


async def came_back():
    query = parse_qs(urlparse(await asyncio.to_thread(sys.stdin.readline)).query)
    return AuthorizationCodeResult(**{name: query[name][0].strip() for name in ("code", "state", "iss") if name in query})


async def main():
    server, memory = os.environ["MCP_SERVER"], Memory()
    provider = OAuthClientProvider(
        server_url=server,
        client_metadata=OAuthClientMetadata(client_name="Agent", redirect_uris=[os.environ["MCP_REDIRECT"]]),
        storage=memory,
        redirect_handler=show,
        callback_handler=came_back,
        client_metadata_url=os.environ.get("MCP_CLIENT") or None,
    )
    async with httpx2.AsyncClient(auth=provider) as http:
        first = await http.post(server, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        provider.context.token_expiry_time = 1  # as if it were later: the SDK refreshes by itself
        again = await http.post(server, json={"jsonrpc": "2.0", "id": 2, "method": "ping"})
    print(first.status_code, again.status_code, memory.client.client_id, memory.tokens.scope, flush=True)


asyncio.run(main())
