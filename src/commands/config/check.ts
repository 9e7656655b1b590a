import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { printable } from "../../core/text.ts";

export default class ConfigCheck extends BaseCommand {
  static override summary = "Check a configuration file; without one, the file that is in force";
  static override examples = ["<%= config.bin %> config check /etc/devbox/config.yaml"];
  static override args = { file: Args.string({ description: "File to check" }) };

  async run() {
    const { args, flags } = await this.parse(ConfigCheck);
    const { file } = await this.configuration({ config: args.file ?? flags.config });
    this.print(
      file === undefined
        ? "  There is no configuration file; the defaults are in force."
        : `  ${printable(file)} is good.`,
    );
    return { file: file ?? null, valid: true };
  }
}
