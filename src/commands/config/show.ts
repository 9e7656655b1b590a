import { BaseCommand } from "../../cli/base-command.ts";
import { stateDirOf } from "../../cli/compose/config.ts";
import { presentConfig } from "../../cli/present/config.ts";

export default class ConfigShow extends BaseCommand {
  static override summary = "Show the configuration in force, defaults filled in";
  static override examples = ["<%= config.bin %> config show --json"];

  async run() {
    const { flags } = await this.parse(ConfigShow);
    const source = await this.configuration(flags);
    const stateDir = stateDirOf(source.config);
    this.print(await presentConfig(source, stateDir));
    return { file: source.file ?? null, stateDir, config: source.config };
  }
}
