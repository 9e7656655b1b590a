import type { UserDeps } from "../usecases/users/deps.ts";
import { BaseCommand, type BaseFlags } from "./base-command.ts";
import { accounts, authorizedKeys } from "./compose/orchestrator.ts";

/** What the commands about users share. */
export abstract class UserCommand extends BaseCommand {
  protected async userDeps(flags: BaseFlags): Promise<UserDeps> {
    const deps = await this.deps(flags);
    return { ...deps, keys: await authorizedKeys(deps.config), accounts: accounts(deps.config) };
  }
}
