import type { ConfigSource } from "../core/config/config.ts";
import type { DevTailnetDeps } from "../usecases/dev-tailnet/deps.ts";
import { BaseCommand, type BaseFlags } from "./base-command.ts";
import { devTailnetDeps, devTailnetSource } from "./compose/dev-tailnet.ts";

/** What the commands of a tailnet of one's own share: they need no engine and no ledger. */
export abstract class DevTailnetCommand extends BaseCommand {
  protected async devDeps(flags: BaseFlags): Promise<DevTailnetDeps & { readonly source: ConfigSource }> {
    const source = await this.configuration(flags);
    return { ...(await devTailnetDeps(source, ...this.watch(flags))), source };
  }

  protected override configuration(flags: BaseFlags): Promise<ConfigSource> {
    return devTailnetSource(flags.config);
  }
}
