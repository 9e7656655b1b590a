import { BaseCommand } from "../cli/base-command.ts";
import { helpText } from "../cli/help-text.ts";
import { exitCodesJson, presentExitCodes } from "../cli/present/exit-codes.ts";
import { unknownCommand } from "../cli/unknown-command.ts";

export default class HelpCommand extends BaseCommand {
  static override summary = "Show how a command is used, or what the exit codes mean";
  static override usage = "help [COMMAND | exit-codes]";
  static override examples = [
    "<%= config.bin %> help create",
    "<%= config.bin %> help image build",
    "<%= config.bin %> help exit-codes",
  ];
  static override strict = false;

  async run() {
    const { argv } = await this.parse(HelpCommand);
    const words = argv.map(String);
    if (words.join(" ") === "exit-codes") {
      this.print(presentExitCodes());
      return exitCodesJson();
    }
    const unknown = words.length === 0 ? undefined : unknownCommand(words, this.config);
    if (unknown) throw unknown;
    const help = await helpText(this.config, words);
    this.print(help);
    return { help };
  }
}
