// A JOSE library that knows nothing of us judges the tokens that come on standard input:
//
//     node verify_with_jose.js ISSUER AUDIENCE
//
// The keys are those that the issuer publishes now. For each token it prints why the library refuses it, or
// else the claims, and why it refuses what a thief could make of the token.
import { text } from "node:stream/consumers";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";

const [issuer, audience] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(`${issuer}/token/jwks`));
const rules = {
  issuer,
  audience,
  algorithms: ["ES256"],
  typ: "JWT",
  requiredClaims: ["sub", "iat", "exp", "jti"],
};

const base64url = (json) => Buffer.from(JSON.stringify(json)).toString("base64url");

async function judge(token) {
  const { payload, protectedHeader } = await jwtVerify(token, keys, rules);
  const [header, claims, signature] = token.split(".");

  const longer = base64url({ ...payload, exp: payload.exp + 3600 });
  const signed = Buffer.from(signature, "base64url");
  signed[0] ^= 1;
  const justExpired = new Date(decodeJwt(token).exp * 1000);
  return {
    claims: payload,
    keyId: protectedHeader.kid,
    refused: {
      "a longer life": await refusal(`${header}.${longer}.${signature}`),
      "another signature": await refusal(`${header}.${claims}.${signed.toString("base64url")}`),
      "no signature": await refusal(`${base64url({ alg: "none", typ: "JWT" })}.${claims}.`),
      "another key": await refusal(`${base64url({ ...protectedHeader, kid: "another" })}.${claims}.${signature}`),
      "another issuer": await refusal(token, { issuer: "https://issuer.example" }),
      "another audience": await refusal(token, { audience: "another" }),
      "after its time": await refusal(token, { currentDate: justExpired }),
    },
  };
}

async function refusal(token, rule) {
  try {
    await jwtVerify(token, keys, { ...rules, ...rule });
    return "accepted";
  } catch (error) {
    return error.claim ?? error.code;
  }
}

const verdicts = {};
for (const [name, token] of Object.entries(JSON.parse(await text(process.stdin)))) {
  const refused = await refusal(token);
  verdicts[name] = refused === "accepted" ? await judge(token) : refused;
}
console.log(JSON.stringify(verdicts));
