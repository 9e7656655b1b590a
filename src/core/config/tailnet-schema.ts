import * as z from "zod";
import { DEFAULTS } from "./defaults.ts";

const { secrets, tailnet } = DEFAULTS;

export const absolutePath = z.string().startsWith("/", "must be an absolute path");
const httpUrl = z
  .url({ protocol: /^https?$/, error: "must be a URL such as https://headscale.example.com" })
  .refine((url) => !/^https?:\/\/[^/?#]*@/.test(url), "must not have a user or password in it");

/** Whether devices that log in there are those of Tailscale's own API. */
const isTailscales = (loginServer: string | null) =>
  loginServer === null || new URL(loginServer).hostname.endsWith(".tailscale.com");

export const secretsSchema = z
  .strictObject({
    provider: z
      .enum(["none", "file", "op-cli", "onepassword"])
      .default(secrets.provider)
      .describe("Where users' auth keys come from: 1Password by its SDK or its op command, files, or nowhere"),
    vault: z.string().min(1).default(secrets.vault).describe("1Password vault of the items USER-tailscale-authkey"),
    tokenFile: absolutePath
      .nullable()
      .default(secrets.tokenFile)
      .describe(
        "File with the service account's token, when neither OP_SERVICE_ACCOUNT_TOKEN nor the systemd credential op-token is there",
      ),
    dir: absolutePath
      .nullable()
      .default(secrets.dir)
      .describe("Directory of the files USER-tailscale-authkey (provider file); nobody else may read it"),
    op: z
      .string()
      .min(1)
      .default(secrets.op)
      .describe("1Password's op command (provider op-cli): a path, or a name looked up in PATH"),
    timeout: z.int().min(1).max(600).default(secrets.timeout).describe("Seconds after which a read is given up"),
  })
  .prefault({})
  .describe("Users' auth keys for the tailnet")
  .refine((s) => s.provider !== "file" || s.dir !== null, { path: ["dir"], error: "is needed by the provider file" });

export const tailnetSchema = z
  .strictObject({
    provider: z
      .enum(["none", "tailscale", "headscale"])
      .default(tailnet.provider)
      .describe("Whose tailnet boxes join; none: they join none"),
    loginServer: httpUrl
      .nullable()
      .default(tailnet.loginServer)
      .describe("Control server at which boxes log in; null: Tailscale's own"),
    timeout: z
      .int()
      .min(5)
      .max(600)
      .default(tailnet.timeout)
      .describe("Seconds after which a login, or an answer of the control plane, is given up"),
    env: z
      .record(
        z
          .string()
          .regex(/^[A-Z][A-Z0-9_]*$/, "must be the name of an environment variable")
          .refine((name) => name !== "TS_DEBUG_REGISTER", "would write auth keys into tailscaled's log"),
        // eslint-disable-next-line no-control-regex -- they would end the line of the file that it is written to
        z.string().regex(/^[^\u0000-\u001f]*$/, "must be one line"),
      )
      .default(tailnet.env)
      .describe("Environment variables of tailscaled in the boxes, such as SSL_CERT_FILE; nothing secret"),
    api: z
      .strictObject({
        url: httpUrl
          .nullable()
          .default(tailnet.api.url)
          .describe("Base URL; null: https://api.tailscale.com, or headscale's login server"),
        tailnet: z
          .string()
          .min(1)
          .default(tailnet.api.tailnet)
          .describe("Tailscale's name of the tailnet; -: the one that the credential belongs to"),
        tokenFile: absolutePath
          .nullable()
          .default(tailnet.api.tokenFile)
          .describe("File with an API key; null: the systemd credential tailnet-api"),
        clientId: z
          .string()
          .min(1)
          .nullable()
          .default(tailnet.api.clientId)
          .describe("Tailscale's OAuth client with the scope devices:core, instead of an API key"),
        clientSecretFile: absolutePath
          .nullable()
          .default(tailnet.api.clientSecretFile)
          .describe("File with that client's secret; null: the systemd credential tailnet-client-secret"),
      })
      .prefault({})
      .describe("How devices are looked at and removed"),
  })
  .prefault({})
  .describe("The tailnet that boxes join")
  .refine((t) => t.provider !== "headscale" || t.loginServer !== null, {
    path: ["loginServer"],
    error: "is needed by the provider headscale",
  })
  .refine((t) => t.provider !== "tailscale" || isTailscales(t.loginServer), {
    path: ["loginServer"],
    error: "is not Tailscale's; for a server of your own the provider is headscale",
  });
