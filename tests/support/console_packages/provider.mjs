// A provider of OpenID Connect for tests: whoever types a name is that person, with the roles that
// the options give that name. Its access tokens are JWTs for the servers.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import Provider from "oidc-provider";

const options = JSON.parse(process.argv[2]);
const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
const rolesOf = (name) => options.roles[name] || [];

const provider = new Provider(options.issuer, {
  jwks: { keys: [{ ...key, kid: "test-key", alg: "RS256", use: "sig" }] },
  cookies: { keys: [randomBytes(16).toString("hex")] },
  clients: [{
    client_id: "console",
    token_endpoint_auth_method: "none",
    redirect_uris: [`${options.console}/sign-in/callback`],
    post_logout_redirect_uris: [`${options.console}/signed-out`],
    response_types: ["code"],
    grant_types: ["authorization_code"],
  }],
  claims: { openid: ["sub", "roles"] },
  conformIdTokenClaims: false,
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, roles: rolesOf(id) }) }),
  extraTokenClaims: (_ctx, token) => ({ roles: rolesOf(token.accountId) }),
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:fanzha",
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: "",
        audience: "fanzha",
        accessTokenTTL: options.seconds,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});
provider.listen(options.port, "127.0.0.1", () => process.stdout.write("listening\n"));
