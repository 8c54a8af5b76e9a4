// A relying party made with openid-client. What it expects it asserts; the
// process ends with 0 if all of it held.
import assert from 'node:assert/strict'
import * as client from 'openid-client'
import { close, visit } from './browser.mjs'

const { issuer, id, secret, method, alg, redirectURI, postLogoutURI, email } = JSON.parse(process.env.INTEROP)

const authentication = {
  client_secret_basic: () => client.ClientSecretBasic(secret),
  client_secret_post: () => client.ClientSecretPost(secret),
  none: () => client.None(),
}[method]()

// Without the check of signatures the library would trust the connection.
const config = await client.discovery(new URL(issuer), id, { id_token_signed_response_alg: alg }, authentication, {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
})
assert.ok(config.serverMetadata().supportsPKCE())

// authorize sends the browser through a code flow and redeems what it brings.
async function authorize(parameters) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const expectedNonce = client.randomNonce()
  const arrived = await visit(client.buildAuthorizationUrl(config, {
    redirect_uri: redirectURI,
    scope: 'openid profile email offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...parameters,
  }))
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true, maxAge: 3600 }
  return client.authorizationCodeGrant(config, arrived, checks)
}

const refusedWith = (error) => (thrown) => {
  assert.equal(thrown.error, error, thrown.stack)
  return true
}

const first = await authorize({ max_age: '3600' })
const claims = first.claims()
assert.equal(claims.iss, issuer)
assert.equal(claims.aud, id)

const refreshed = await client.refreshTokenGrant(config, first.refresh_token)
assert.notEqual(refreshed.refresh_token, first.refresh_token)
assert.equal(refreshed.claims().sub, claims.sub)
assert.equal(refreshed.claims().auth_time, claims.auth_time)

const userinfo = await client.fetchUserInfo(config, refreshed.access_token, claims.sub)
assert.equal(userinfo.email, email)

if (method !== 'none') {
  const live = await client.tokenIntrospection(config, refreshed.access_token)
  assert.equal(live.active, true)
  assert.equal(live.sub, claims.sub)
  assert.equal(live.client_id, id)
}

await client.tokenRevocation(config, refreshed.refresh_token, { token_type_hint: 'refresh_token' })
await assert.rejects(client.refreshTokenGrant(config, refreshed.refresh_token), refusedWith('invalid_grant'))
await assert.rejects(client.fetchUserInfo(config, refreshed.access_token, claims.sub))
if (method !== 'none') {
  assert.equal((await client.tokenIntrospection(config, refreshed.access_token)).active, false)
}

// The browser is still signed in, until it signs out.
const silent = await authorize({ prompt: 'none', max_age: '3600' })
assert.equal(silent.claims().sub, claims.sub)
const state = client.randomState()
const left = await visit(client.buildEndSessionUrl(config, {
  id_token_hint: silent.id_token,
  post_logout_redirect_uri: postLogoutURI,
  state,
}))
assert.equal(left.origin + left.pathname, postLogoutURI)
assert.equal(left.searchParams.get('state'), state)
await assert.rejects(authorize({ prompt: 'none', max_age: '3600' }), refusedWith('login_required'))
close()
