// A program without people: client_credentials with openid-client, then with
// oauth4webapi, on which it is built, from the OAuth metadata (RFC 8414).
import assert from 'node:assert/strict'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'

const { issuer, id, secret, scope } = JSON.parse(process.env.INTEROP)

const config = await client.discovery(new URL(issuer), id, {}, client.ClientSecretBasic(secret), {
  execute: [client.allowInsecureRequests],
})
const granted = await client.clientCredentialsGrant(config, { scope })
assert.equal(granted.token_type, 'bearer')
assert.equal(granted.scope, scope)
assert.equal(granted.refresh_token, undefined)
const live = await client.tokenIntrospection(config, granted.access_token)
assert.equal(live.active, true)
assert.equal(live.scope, scope)
await client.tokenRevocation(config, granted.access_token)
assert.equal((await client.tokenIntrospection(config, granted.access_token)).active, false)
await assert.rejects(client.clientCredentialsGrant(config, { scope: 'openid' }), { error: 'invalid_scope' })

const insecure = { [oauth.allowInsecureRequests]: true }
const found = await oauth.discoveryRequest(new URL(issuer), { ...insecure, algorithm: 'oauth2' })
const server = await oauth.processDiscoveryResponse(new URL(issuer), found)
const self = { client_id: id }
const authentication = oauth.ClientSecretBasic(secret)
const answer = await oauth.clientCredentialsGrantRequest(server, self, authentication, { scope }, insecure)
const token = await oauth.processClientCredentialsResponse(server, self, answer)
const told = await oauth.introspectionRequest(server, self, authentication, token.access_token, insecure)
assert.equal((await oauth.processIntrospectionResponse(server, self, told)).active, true)
const impostor = await oauth.clientCredentialsGrantRequest(
  server, self, oauth.ClientSecretBasic(secret + 'x'), { scope }, insecure)
await assert.rejects(oauth.processClientCredentialsResponse(server, self, impostor), (thrown) => {
  assert.ok(thrown instanceof oauth.ResponseBodyError || thrown instanceof oauth.WWWAuthenticateChallengeError, thrown.stack)
  assert.equal(thrown.status, 401)
  return true
})
