// A client of the MCP SDK of npm that authorizes itself: MCP_SERVER, MCP_REDIRECT and, where it is known by a document, MCP_CLIENT.
import { createInterface } from "node:readline/promises";
import { UnauthorizedError, auth } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { MCP_SERVER, MCP_REDIRECT, MCP_CLIENT } = process.env;
const kept = {};
const lines = createInterface({ input: process.stdin });

const provider = {
  redirectUrl: MCP_REDIRECT,
  clientMetadataUrl: MCP_CLIENT || undefined,
  clientMetadata: { client_name: "Agent", redirect_uris: [MCP_REDIRECT], token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => { kept.client = client; },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  redirectToAuthorization: (address) => { console.log(address.href); },
};

const ping = (id) => ({ jsonrpc: "2.0", id, method: "ping" });
const transport = new StreamableHTTPClientTransport(new URL(MCP_SERVER), { authProvider: provider });
await transport.start();
try {
  await transport.send(ping(1));
  throw new Error("it was let in without a token");
} catch (error) {
  if (!(error instanceof UnauthorizedError)) throw error;
}
const back = new URL((await lines[Symbol.asyncIterator]().next()).value);
await transport.finishAuth(back.searchParams.get("code"));
await transport.send(ping(2));
const first = kept.tokens.access_token;
await auth(provider, { serverUrl: MCP_SERVER }); // refreshes
await transport.send(ping(3));
console.log(200, first === kept.tokens.access_token ? "the same token" : 200, kept.client.client_id, kept.tokens.scope);
process.exit(0);
