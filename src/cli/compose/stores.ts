import { systemClock } from "../../adapters/system/clock.ts";
import type { Config } from "../../core/config/config.ts";
import { SECOND } from "../../core/time.ts";
import type { SecretStore } from "../../ports/secret-store.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import { packageFile } from "../paths.ts";
import { takeServiceToken } from "../service-token.ts";

/** Where auth keys are; loaded only when it is asked for. */
export async function secretStore({ secrets }: Config): Promise<SecretStore> {
  const { provider, dir, vault, tokenFile, op } = secrets;
  const { readPrivateFile: read, refuseExposed } = await import("../../adapters/system/private-file.ts");
  if (provider === "none" || provider === "file") {
    const { createKeyFiles, noSecrets } = await import("../../adapters/key-files/key-files.ts");
    return provider === "none" || dir === null ? noSecrets : createKeyFiles({ dir, read, refuseExposed });
  }
  const [{ createOnePassword }, { createOpReader }, { createSdkReader }] = await Promise.all([
    import("../../adapters/onepassword/store.ts"),
    import("../../adapters/onepassword/cli.ts"),
    import("../../adapters/onepassword/sdk.ts"),
  ]);
  const token = { environment: takeServiceToken(), credentials: process.env.CREDENTIALS_DIRECTORY, tokenFile, read };
  const reader = provider === "op-cli" ? createOpReader(op) : createSdkReader(packageFile("dist/onepassword.cjs"));
  return createOnePassword({ vault, timeout: secrets.timeout * SECOND, token, reader, clock: systemClock });
}

/** The control plane of the tailnet that boxes join; loaded only when it is asked for something. */
export async function tailnet(config: Config): Promise<Tailnet | undefined> {
  if (config.tailnet.provider === "none") return undefined;
  const [{ createTailnet }, { readPrivateFile: read }] = await Promise.all([
    import("../../adapters/tailnet/tailnet.ts"),
    import("../../adapters/system/private-file.ts"),
  ]);
  return createTailnet(config.tailnet, { clock: systemClock, read, credentials: process.env.CREDENTIALS_DIRECTORY });
}
