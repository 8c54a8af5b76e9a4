// A relying party made with openid-client that proves to hold a key (DPoP, RFC
// 9449): with pushed requests, against a provider that wants its nonces in each proof.
// The library meets use_dpop_nonce and comes again by itself.
import assert from 'node:assert/strict'
import * as client from 'openid-client'
import { close, visit } from './browser.mjs'

const { issuer, id, secret, method, algs, redirectURI, email } = JSON.parse(process.env.INTEROP)

const authentication = method === 'none' ? client.None() : client.ClientSecretBasic(secret)
const config = await client.discovery(new URL(issuer), id, { id_token_signed_response_alg: 'ES256' }, authentication, {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
})

async function authorize(DPoP) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const arrived = await visit(await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: redirectURI,
    scope: 'openid email offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
  }, { DPoP }))
  return [arrived, { pkceCodeVerifier, expectedState, idTokenExpected: true }]
}

const refusedWith = (error) => (thrown) => {
  assert.equal(thrown.error, error, thrown.stack)
  return true
}

for (const alg of algs) {
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair(alg))
  const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair(alg))

  const [arrived, checks] = await authorize(DPoP)
  const first = await client.authorizationCodeGrant(config, arrived, checks, undefined, { DPoP })
  assert.equal(first.token_type, 'dpop')
  const userinfo = await client.fetchUserInfo(config, first.access_token, first.claims().sub, { DPoP })
  assert.equal(userinfo.email, email)
  await assert.rejects(client.fetchUserInfo(config, first.access_token, first.claims().sub))
  await assert.rejects(client.fetchUserInfo(config, first.access_token, first.claims().sub, { DPoP: other }))

  if (method === 'none') {
    await assert.rejects(client.refreshTokenGrant(config, first.refresh_token), refusedWith('invalid_dpop_proof'))
    await assert.rejects(client.refreshTokenGrant(config, first.refresh_token, undefined, { DPoP: other }), refusedWith('invalid_grant'))
  }
  const refreshed = await client.refreshTokenGrant(config, first.refresh_token, undefined, { DPoP })
  assert.equal(refreshed.token_type, 'dpop')
  await client.fetchUserInfo(config, refreshed.access_token, first.claims().sub, { DPoP })

  // The pushed request was bound to the key of its proof.
  const [bound, boundChecks] = await authorize(DPoP)
  await assert.rejects(client.authorizationCodeGrant(config, bound, boundChecks, undefined, { DPoP: other }), refusedWith('invalid_grant'))
}
close()
