// The exchange of an answer as openid-client does it, a certified library by somebody else: the same request, the same
// checks (the ID token's signature too), at the client `keyfob` of `oidc_provider.js`.
//
//   node openid_client.js ISSUER REDIRECT_URI
//
// line that it reads  | what it prints
// --------------------|-----------------------------------------------------------------------------------
// `begin`             | the address of the sign-in page
// an address          | that the sign-in came back to: how long it took to make a session of it, in milliseconds

import { createInterface } from "node:readline";

import * as client from "openid-client";

const [issuer, redirectUri] = process.argv.slice(2);
const config = await client.discovery(new URL(issuer), "keyfob", undefined, client.None(), {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
});

let checks;

async function begin() {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
  return client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid profile email phone offline_access",
    prompt: "consent",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  }).href;
}

async function finish(address) {
  const begun = performance.now();
  const tokens = await client.authorizationCodeGrant(config, new URL(address), { ...checks, idTokenExpected: true });
  if (!tokens.claims().email) throw new Error("nobody has signed in");
  return performance.now() - begun;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${line === "begin" ? await begin() : await finish(line)}\n`);
}
