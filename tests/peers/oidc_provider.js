// An OpenID Connect provider by somebody else (`oidc-provider`, certified), set up as GenAuth is: issuer under /oidc,
// GenAuth's paths, native clients, RS256, claims of the profile in the ID token, some of them null.
//
//   node oidc_provider.js ['{"port": 0, "accessTokenSeconds": 3600, …}']
//
// The first line is the issuer, the second where it listens. People sign in on the provider's own pages, with any e-mail address and any password;
// the address is the subject.
//
// option               | usual  | what it sets
// ---------------------|--------|------------------------------------------------------------------------------
// `port`               | 0      | the port on 127.0.0.1; 0 takes any
// `accessTokenSeconds` | 3600   | how long an access token lives
// `rotate`             | true   | whether a refresh brings a new refresh token; the old one then ends the grant
// `requirePushed`      | false  | whether only pushed authorization requests (RFC 9126) are taken
// `origin`             | none   | where it is behind a proxy that opens TLS for it; as it listens, if nothing is said
// `profiles`           | […]    | the names of the profiles whose deep links may be come back to: `oidc`, `genauth`
//
// client        | how it authenticates | what is particular
// --------------|----------------------|------------------------------------------------------------------------
// `keyfob`      | not at all           | a public native client
// `hmac`        | not at all           | its ID tokens are HS256, as GenAuth has it before the console is changed
// `with-secret` | `a-secret-that-is-known-to-every-test`, by Basic | for clients that cannot be public
//
// request                        | what it does
// -------------------------------|--------------------------------------------------------------------------------
// `POST /control/rollover`       | signs with a new key from now on, and still publishes the one before
// `POST /control/rollover?forget`| … and publishes it no longer
// `POST /control/refresh_token`  | a refresh token of ada@example.com for `with-secret`, as if she had signed in
// `GET /control/issued`          | every secret that passed since the start: `[{"kind", "secret"}]`

import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";

// It warns of what would be careless in production, and in part on standard output, which is the harness's.
console.info = console.warn = () => {};
const { Provider } = await import("oidc-provider");

const MOUNTED_AT = "/oidc";
const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

const options = {
  port: 0,
  accessTokenSeconds: 3600,
  rotate: true,
  requirePushed: false,
  origin: undefined,
  profiles: ["oidc", "genauth"],
  ...JSON.parse(process.argv[2] ?? "{}"),
};

/** What the provider remembers. It outlives a change of keys, for which there is a new provider. */
const records = new Map();

class Memory {
  constructor(model) {
    this.prefix = `${model}:`;
  }

  async upsert(id, record) {
    records.set(this.prefix + id, record);
  }

  async find(id) {
    return records.get(this.prefix + id);
  }

  async findByUid(uid) {
    return this.#all().find(([, record]) => record.uid === uid)?.[1];
  }

  async findByUserCode(userCode) {
    return this.#all().find(([, record]) => record.userCode === userCode)?.[1];
  }

  async consume(id) {
    records.get(this.prefix + id).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    records.delete(this.prefix + id);
  }

  async revokeByGrantId(grantId) {
    for (const [key, record] of this.#all()) if (record.grantId === grantId) records.delete(key);
  }

  #all() {
    return [...records].filter(([key]) => key.startsWith(this.prefix));
  }
}

// Node 20 stands still for ever when it collects garbage while it writes a key that it has made as a JWK: what made the
// key still shares its lock. So the key is made as a text, and read again.
const newKey = () => {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return { ...createPrivateKey(privateKey).export({ format: "jwk" }), alg: "RS256", use: "sig", kid: randomBytes(8).toString("hex") };
};

const returnsTo = [
  ...options.profiles.flatMap((profile) => [
    `dev.keyfob://callback/${profile}`,
    `dev.keyfob.debug://callback/${profile}`,
    `http://127.0.0.1/callback/${profile}`,
  ]),
  // Of a native client, the port is not compared (RFC 8252 §7.3).
  "http://127.0.0.1/callback",
  "http://localhost",
];

const client = (id, particulars) => ({
  client_id: id,
  application_type: "native",
  token_endpoint_auth_method: "none",
  grant_types: ["authorization_code", "refresh_token", DEVICE_GRANT],
  response_types: ["code"],
  redirect_uris: returnsTo,
  post_logout_redirect_uris: returnsTo,
  ...particulars,
});

const secret = "a-secret-that-is-known-to-every-test";
const clients = [
  client("keyfob"),
  client("hmac", { client_secret: secret, id_token_signed_response_alg: "HS256" }),
  client("with-secret", { client_secret: secret, token_endpoint_auth_method: "client_secret_basic" }),
];

/** Somebody, as GenAuth describes people: what is unknown is null, and `updated_at` is a text. */
const account = (base, login) => ({
  accountId: login,
  claims: () => ({
    sub: login,
    name: login.split("@")[0],
    nickname: null,
    given_name: null,
    family_name: null,
    gender: "U",
    birthdate: null,
    picture: `${base}/picture.png`,
    locale: null,
    zoneinfo: null,
    preferred_username: null,
    updated_at: "2026-11-20T14:17:03.250Z",
    email: login,
    email_verified: false,
    phone_number: null,
    phone_number_verified: false,
  }),
});

const issued = [];

/** Notes the secrets that a request brought and that its answer carries. */
async function witness(context, next) {
  await next();
  const saw = (kind, secret) => typeof secret === "string" && issued.push({ kind, secret });
  saw("code_verifier", context.oidc?.params?.code_verifier);
  for (const kind of ["access_token", "refresh_token", "id_token", "device_code"]) saw(kind, context.body?.[kind]);
  saw("authorization_code", URL.parse(context.response.get("location"))?.searchParams.get("code"));
}

/** Its pages ask the network for a font, and a browser without a network may wait for it. */
async function staysHere(context, next) {
  await next();
  context.set("content-security-policy", "style-src 'unsafe-inline'; font-src 'none'");
}

function providerWith(base, keys) {
  const provider = new Provider(base + MOUNTED_AT, {
    adapter: Memory,
    clients,
    jwks: { keys },
    cookies: { keys: cookieKeys },
    findAccount: (_context, login) => account(base, login),
    routes: { jwks: "/.well-known/jwks.json" },
    scopes: ["openid", "offline_access"],
    claims: {
      openid: ["sub"],
      profile: [
        "name", "nickname", "given_name", "family_name", "gender", "birthdate", "picture", "locale", "zoneinfo",
        "preferred_username", "updated_at",
      ],
      email: ["email", "email_verified"],
      phone: ["phone_number", "phone_number_verified"],
    },
    conformIdTokenClaims: false,
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "HS256"] },
    clientAuthMethods: ["none", "client_secret_basic", "client_secret_post"],
    rotateRefreshToken: options.rotate,
    features: {
      deviceFlow: { enabled: true },
      dPoP: { enabled: false },
      introspection: { enabled: true },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: options.requirePushed },
      revocation: { enabled: true },
    },
    ttl: {
      AccessToken: options.accessTokenSeconds,
      AuthorizationCode: 600,
      DeviceCode: 600,
      Grant: 30 * 86400,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 30 * 86400,
      Session: 86400,
    },
  });
  provider.proxy = options.origin !== undefined;
  provider.use(witness);
  provider.use(staysHere);
  provider.on("server_error", (_context, error) => process.stderr.write(`${error.stack}\n`));
  return provider;
}

/** A refresh token of `login` for the client called `id`, as if they had signed in to it. */
async function refreshTokenOf(login, id) {
  const scope = "openid profile email offline_access";
  const grant = new provider.Grant({ accountId: login, clientId: id });
  grant.addOIDCScope(scope);
  const [grantId, client] = [await grant.save(), await provider.Client.find(id)];
  const token = new provider.RefreshToken({ accountId: login, client, grantId, gty: "authorization_code", scope });
  return token.save();
}

const ONE_PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

const cookieKeys = [randomBytes(32).toString("hex")];
let base;
let keys = [newKey()];
let provider;
let answer;

const start = () => {
  provider = providerWith(base, keys);
  answer = provider.callback();
};

const rollOver = (others) => {
  keys = [newKey(), ...others];
  start();
};

const server = createServer(async (request, response) => {
  const json = (value) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
  if (request.url.startsWith(`${MOUNTED_AT}/`)) {
    request.originalUrl = request.url;
    request.url = request.url.slice(MOUNTED_AT.length);
    return answer(request, response);
  }
  switch (`${request.method} ${request.url}`) {
    case "GET /picture.png":
      return response.setHeader("content-type", "image/png").end(ONE_PIXEL);
    case "GET /control/issued":
      return json(issued);
    case "POST /control/refresh_token":
      return json(await refreshTokenOf("ada@example.com", "with-secret"));
    case "POST /control/rollover":
      rollOver(keys);
      return json({ kid: keys[0].kid });
    case "POST /control/rollover?forget":
      rollOver([]);
      return json({ kid: keys[0].kid });
    default:
      return response.writeHead(404).end();
  }
});

server.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
server.listen(options.port, "127.0.0.1", () => {
  const here = `http://127.0.0.1:${server.address().port}`;
  base = options.origin ?? here;
  start();
  process.stdout.write(`${base}${MOUNTED_AT}\n${here}\n`);
});
