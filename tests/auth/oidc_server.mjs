// A real OpenID provider on loopback for the tests: oidc_server.mjs PORT REDIRECT_URI. Its own pages for developers ask who one is.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, redirectUri] = process.argv.slice(2);
const PEOPLE = {
  eve: { email: "eve@example.org", email_verified: true, name: "Eve Ender", groups: ["writers"] },
  mallory: { email: "mallory@example.org", email_verified: false, groups: ["writers", "admins"] },
  zoe: { email: "zoe@elsewhere.example", email_verified: true, groups: [] },
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "blogforge", client_secret: "a secret between the two", redirect_uris: [redirectUri] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["for the tests only"] },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: `sub-of-${id}`, ...PEOPLE[id] }) }),
});
createServer(provider.callback()).listen(Number(port), "127.0.0.1", () => console.log("ready"));
