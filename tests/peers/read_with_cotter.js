// Cotter's own token library reads the tokens that come on standard input, and prints what it found.
import { text } from "node:stream/consumers";
import { CotterAccessToken, CotterIDToken } from "cotter-token-js";

const tokens = JSON.parse(await text(process.stdin));
const access = new CotterAccessToken(tokens.access_token);
const id = new CotterIDToken(tokens.id_token);

const common = (token) => ({
  id: token.getID(),
  clientUserID: token.getClientUserID(),
  identifier: token.getIdentifier(),
  audience: token.getAudience(),
  issuedAt: token.getIssuedAt(),
  expiration: token.getExpiration(),
});
console.log(
  JSON.stringify({
    access: { ...common(access), authMethod: access.getAuthMethod(), scope: access.getScope() },
    id: { ...common(id), authTime: id.getAuthTime() },
  }),
);
