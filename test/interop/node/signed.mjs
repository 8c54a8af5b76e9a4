// A relying party made with openid-client that has its answers signed (JARM), takes ID
// tokens with the code (hybrid) and without one (implicit), and userinfo as a JWT.
import assert from 'node:assert/strict'
import * as client from 'openid-client'
import { close, visit } from './browser.mjs'

const { issuer, id, secret, redirectURI, email } = JSON.parse(process.env.INTEROP)

// discover makes a fresh configuration, whose response type is set once.
const discover = (...execute) => client.discovery(new URL(issuer), id, {
  id_token_signed_response_alg: 'ES256',
  userinfo_signed_response_alg: 'ES256',
  authorization_signed_response_alg: 'ES256',
}, client.ClientSecretBasic(secret), {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks, ...execute],
})

async function authorize(config, more = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const expectedNonce = client.randomNonce()
  const arrived = await visit(client.buildAuthorizationUrl(config, {
    redirect_uri: redirectURI,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...more,
  }))
  return [arrived, { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }]
}

const jarm = await discover(client.useJwtResponseMode)
const [signed, checks] = await authorize(jarm)
assert.deepEqual([...signed.searchParams.keys()], ['response'])
const tokens = await client.authorizationCodeGrant(jarm, signed, checks)
const userinfo = await client.fetchUserInfo(jarm, tokens.access_token, tokens.claims().sub)
assert.equal(userinfo.email, email)
assert.equal(userinfo.aud, id)

// An error is signed as well.
const [refused, refusedChecks] = await authorize(jarm, { prompt: 'none login' })
assert.deepEqual([...refused.searchParams.keys()], ['response'])
await assert.rejects(client.authorizationCodeGrant(jarm, refused, refusedChecks), (thrown) => {
  assert.equal(thrown.error, 'invalid_request', thrown.stack)
  return true
})

const hybrid = await discover(client.useCodeIdTokenResponseType)
const [both, bothChecks] = await authorize(hybrid)
assert.equal(both.search, '')
const redeemed = await client.authorizationCodeGrant(hybrid, both, bothChecks)
assert.equal(redeemed.claims().sub, tokens.claims().sub)

const implicit = await discover(client.useIdTokenResponseType)
const [alone, { expectedState, expectedNonce }] = await authorize(implicit)
const claims = await client.implicitAuthentication(implicit, alone, expectedNonce, { expectedState })
assert.equal(claims.sub, tokens.claims().sub)
assert.equal(claims.email, email)
close()
